# cmake -DINPUT=file -DOUTPUT=file.inc -P EmbedBytes.cmake
#
# Writes the bytes of a file as the elements of a C array. (#embed would do, but
# neither GCC 12 nor ccache knows it.)
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "${bytes}\n")
