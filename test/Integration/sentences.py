"""English text as token ids, what the encoders were trained on.

The paragraphs below, in the pieces of the uncased BERT vocabulary that all of
the test's encoders share (without the markers of beginning and end). On random
ids an encoder's attention has nothing to attend to, and its outputs say little
about how it fares on text.

The kettle had just begun to sing when someone knocked at the kitchen door. She
wiped her hands, looked at the clock and wondered who would come out in such
weather. It was the postman, soaked to the skin, holding a parcel that had lost
most of its string.

Our train leaves the station at a quarter past nine, so we should be on the
platform by nine at the latest. Bring a coat, because the heating in the last
carriage has been broken since October. If we miss the connection there is a bus
from the market square every hour.

A compiler reads a program in one language and writes it in another. Good ones
keep the meaning and improve the speed; great ones also explain what they did
and why. When a transformation would not pay, it is better to refuse it than to
hope.

The river rises in the hills to the north, passes three mills and a small power
plant, and reaches the sea through a wide estuary full of birds. In spring the
meadows along its banks are flooded for weeks, and farmers move their sheep to
higher ground.

Doctors recommend that adults walk for at least half an hour a day. The effect
on blood pressure is modest but reliable, and it costs nothing. People who walk
with a friend are more likely to keep the habit through the winter.

The committee approved the budget by eleven votes to four. Most of the money
will go to schools and roads, and a smaller share to the library, whose roof has
been leaking for two years. Opponents of the plan said that taxes were high
enough already.

He learned to play the violin at seven and gave his first concert at twelve.
Critics praised the warmth of his tone, but he himself was never satisfied with
a performance and practised the same page for hours.
"""

PARAGRAPHS = [
    [
        1996, 22421, 2018, 2074, 5625, 2000, 6170, 2043, 2619, 6573, 2012, 1996,
        3829, 2341, 1012, 2016, 8342, 2014, 2398, 1010, 2246, 2012, 1996, 5119,
        1998, 4999, 2040, 2052, 2272, 2041, 1999, 2107, 4633, 1012, 2009, 2001,
        1996, 2695, 2386, 1010, 13077, 2000, 1996, 3096, 1010, 3173, 1037, 20463,
        2008, 2018, 2439, 2087, 1997, 2049, 5164, 1012,
    ],
    [
        2256, 3345, 3727, 1996, 2276, 2012, 1037, 4284, 2627, 3157, 1010, 2061,
        2057, 2323, 2022, 2006, 1996, 4132, 2011, 3157, 2012, 1996, 6745, 1012,
        3288, 1037, 5435, 1010, 2138, 1996, 10808, 1999, 1996, 2197, 9118, 2038,
        2042, 3714, 2144, 2255, 1012, 2065, 2057, 3335, 1996, 4434, 2045, 2003,
        1037, 3902, 2013, 1996, 3006, 2675, 2296, 3178, 1012,
    ],
    [
        1037, 21624, 9631, 1037, 2565, 1999, 2028, 2653, 1998, 7009, 2009, 1999,
        2178, 1012, 2204, 3924, 2562, 1996, 3574, 1998, 5335, 1996, 3177, 1025,
        2307, 3924, 2036, 4863, 2054, 2027, 2106, 1998, 2339, 1012, 2043, 1037,
        8651, 2052, 2025, 3477, 1010, 2009, 2003, 2488, 2000, 10214, 2009, 2084,
        2000, 3246, 1012,
    ],
    [
        1996, 2314, 9466, 1999, 1996, 4564, 2000, 1996, 2167, 1010, 5235, 2093,
        6341, 1998, 1037, 2235, 2373, 3269, 1010, 1998, 6561, 1996, 2712, 2083,
        1037, 2898, 18056, 2440, 1997, 5055, 1012, 1999, 3500, 1996, 13524, 2247,
        2049, 5085, 2024, 10361, 2005, 3134, 1010, 1998, 6617, 2693, 2037, 8351,
        2000, 3020, 2598, 1012,
    ],
    [
        7435, 16755, 2008, 6001, 3328, 2005, 2012, 2560, 2431, 2019, 3178, 1037,
        2154, 1012, 1996, 3466, 2006, 2668, 3778, 2003, 10754, 2021, 10539, 1010,
        1998, 2009, 5366, 2498, 1012, 2111, 2040, 3328, 2007, 1037, 2767, 2024,
        2062, 3497, 2000, 2562, 1996, 10427, 2083, 1996, 3467, 1012,
    ],
    [
        1996, 2837, 4844, 1996, 5166, 2011, 5408, 4494, 2000, 2176, 1012, 2087,
        1997, 1996, 2769, 2097, 2175, 2000, 2816, 1998, 4925, 1010, 1998, 1037,
        3760, 3745, 2000, 1996, 3075, 1010, 3005, 4412, 2038, 2042, 24325, 2005,
        2048, 2086, 1012, 7892, 1997, 1996, 2933, 2056, 2008, 7773, 2020, 2152,
        2438, 2525, 1012,
    ],
    [
        2002, 4342, 2000, 2377, 1996, 6710, 2012, 2698, 1998, 2435, 2010, 2034,
        4164, 2012, 4376, 1012, 4401, 5868, 1996, 8251, 1997, 2010, 4309, 1010,
        2021, 2002, 2370, 2001, 2196, 8510, 2007, 1037, 2836, 1998, 20439, 1996,
        2168, 3931, 2005, 2847, 1012,
    ],
]
