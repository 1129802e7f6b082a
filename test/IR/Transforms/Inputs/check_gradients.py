"""Gradients that slim-differentiate makes, against finite differences.

usage: check_gradients.py SLIM-OPT SLIMC DIRECTORY [SEED]

Each case is a function over f64 with open extents where that is possible. All
are differentiated and compiled as one library. Every element of every input is
moved both ways, and the change of a random linear function of the results is
compared with the element of the gradient.
"""
import os
import subprocess
import sys

import numpy as np

from slim.runtime import Model

slim_opt, slimc, directory = sys.argv[1:4]
rng = np.random.default_rng(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
os.makedirs(directory, exist_ok=True)
STEP, TOLERANCE = 1e-5, 2e-7

CASES = []  # name, argument types, body, result types, shapes, differentiated
WEIGHTS = []


def case(name, arguments, body, results, shapes, wanted=None, low=-1.5, high=1.5):
    results = [results] if isinstance(results, str) else results
    CASES.append((f"of_{name}", arguments, body, results, shapes, wanted, low, high))


def tensor(shape, element="f64"):
    return f"tensor<{''.join(f'{d}x' for d in shape)}{element}>"


def constant(name, values):
    text = ", ".join(map(str, values))
    return f"%{name} = slim.constant dense<[{text}]> : tensor<{len(values)}xi64>\n"


def unary(op, attributes="", low=-1.5, high=1.5):
    t = "tensor<?x3xf64>"
    case(op, [t],
         f"%y = slim.{op} %0 {attributes} : ({t}) -> {t}\nreturn %y : {t}",
         t, [(4, 3)], low=low, high=high)


for op in ("neg", "abs", "exp", "sin", "cos", "atan", "erf", "softplus", "softsign",
           "mish", "tanh", "sigmoid", "relu", "silu", "gelu"):
    unary(op)
for op in ("log", "sqrt", "rsqrt", "reciprocal"):
    unary(op, low=0.5, high=2)
unary("hard_swish", low=-5, high=5)
unary("leaky_relu", "{alpha = 0.25 : f32}")
unary("elu", "{alpha = 0.5 : f32, gamma = 1.5 : f32, scale = 2.0 : f32}")
unary("hard_sigmoid", "{alpha = 0.5 : f32, beta = 0.5 : f32}")
unary("log_softmax", "{axis = 1}")
unary("softmax", "{axis = 0}")

a, b, c = "tensor<?x?x3xf64>", "tensor<?x?xf64>", "tensor<?x?x3xf64>"
for op, shapes, low in (
    ("div", [(2, 4, 3), (1, 3)], 0.5), ("div", [(2, 1, 3), (4, 3)], 0.5),
    ("pow", [(2, 4, 3), (4, 1)], 0.5), ("min", [(2, 1, 3), (4, 3)], -1.5),
    ("max", [(2, 4, 3), (1, 1)], -1.5), ("prelu", [(2, 4, 3), (1, 3)], -1.5),
    ("mul", [(2, 4, 3), (1, 3)], -1.5),
):
    case(f"{op}_{shapes[1][0]}", [a, b],
         f"%y = slim.{op} %0, %1 : ({a}, {b}) -> {c}\nreturn %y : {c}", c, shapes,
         low=low)
case("pow_integer", [a],
     f"""%e = slim.constant dense<3> : tensor<i64>
     %y = slim.pow %0, %e : ({a}, tensor<i64>) -> {a}\nreturn %y : {a}""",
     a, [(2, 1, 3)])
case("select", [a, b, a],
     f"""%c = slim.less %2, %1 : ({a}, {b}) -> tensor<?x?x3xi1>
     %y = slim.select %c, %0, %1 : (tensor<?x?x3xi1>, {a}, {b}) -> {c}
     return %y : {c}""", c, [(1, 4, 3), (4, 1), (2, 4, 3)], wanted=[0, 1])
case("clamp", [a, "tensor<f64>", "tensor<f64>"],
     f"""%y = slim.clamp %0 lower %1 upper %2 : ({a}, tensor<f64>, tensor<f64>) -> {a}
     return %y : {a}""", a, [(2, 4, 3), (), ()])
case("relu6", [a],
     f"""%l = slim.constant dense<0.0> : tensor<f64>
     %u = slim.constant dense<6.0> : tensor<f64>
     %y = slim.clamp %0 lower %l upper %u : ({a}, tensor<f64>, tensor<f64>) -> {a}
     return %y : {a}""", a, [(2, 4, 3)], low=-8, high=8)
case("cast_f32", [a],
     f"""%h = slim.cast %0 {{to = f32}} : ({a}) -> tensor<?x?x3xf32>
     %z = slim.cast %h {{to = f64}} : (tensor<?x?x3xf32>) -> {a}
     %d = slim.sub %0, %z : ({a}, {a}) -> {a}
     %y = slim.mul %d, %d : ({a}, {a}) -> {a}
     return %y : {a}""", a, [(2, 4, 3)])

# Movement.
case("flatten", [a],
     f"%y = slim.flatten %0 {{axis = 1}} : ({a}) -> {b}\nreturn %y : {b}", b,
     [(2, 4, 3)])
case("squeeze", ["tensor<?x1x3xf64>"],
     """%s = slim.squeeze %0 {axes = array<i64: 1>} : (tensor<?x1x3xf64>) -> tensor<?x3xf64>
     %u = slim.unsqueeze %s {axes = array<i64: 0, 2>} : (tensor<?x3xf64>) -> tensor<1x?x1x3xf64>
     return %u : tensor<1x?x1x3xf64>""", "tensor<1x?x1x3xf64>", [(4, 1, 3)])
for name, shape in (("expand", (1, 3)), ("expand_open", (4, 3))):
    case(name, ["tensor<?x3xf64>", "tensor<?x?x3xf64>"],
         """%s = slim.shape %1 {start = 0, end = 3} : (tensor<?x?x3xf64>) -> tensor<3xi64>
         %y = slim.expand %0, %s : (tensor<?x3xf64>, tensor<3xi64>) -> tensor<?x?x3xf64>
         return %y : tensor<?x?x3xf64>""", c, [shape, (2, 4, 3)])
case("concat", [a, "tensor<?x2x3xf64>", a],
     f"""%y = slim.concat %0, %1, %2 {{axis = 1}} : ({a}, tensor<?x2x3xf64>, {a}) -> {c}
     return %y : {c}""", c, [(2, 4, 3), (2, 2, 3), (2, 1, 3)])
for name, start, end, step in (
    ("slice", [1, -2], [-1, 9], [1, 1]), ("slice_steps", [-1, 0], [-9, 3], [-2, 2]),
):
    case(name, [a],
         constant("s", start) + constant("e", end) + constant("t", step)
         + f"""%y = slim.slice %0, %s, %e, %t {{axes = array<i64: 1, 2>}}
           : ({a}, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?x?xf64>
         return %y : tensor<?x?x?xf64>""", "tensor<?x?x?xf64>", [(2, 5, 3)])
case("pad", [a],
     constant("p", [0, 2, -1, 1, -1, 2])
     + f"""%y = slim.pad %0, %p {{mode = #slim.pad_mode<constant>}}
       : ({a}, tensor<6xi64>) -> tensor<?x?x?xf64>
     return %y : tensor<?x?x?xf64>""", "tensor<?x?x?xf64>", [(2, 5, 3)])
case("trilu", [a],
     f"%y = slim.trilu %0 {{upper = true}} : ({a}) -> {a}\nreturn %y : {a}", a,
     [(2, 4, 3)])
case("gather", [a],
     f"""%i = slim.constant dense<[[0, -1], [3, 0], [3, 3]]> : tensor<3x2xi64>
     %y = slim.gather %0, %i {{axis = 1}} : ({a}, tensor<3x2xi64>) -> tensor<?x3x2x3xf64>
     return %y : tensor<?x3x2x3xf64>""", "tensor<?x3x2x3xf64>", [(2, 4, 3)])
case("embedding", [b],
     f"""%i = slim.constant dense<[[0, 1], [3, 1]]> : tensor<2x2xi64>
     %y = slim.embedding %i, %0 : (tensor<2x2xi64>, {b}) -> tensor<2x2x?xf64>
     return %y : tensor<2x2x?xf64>""", "tensor<2x2x?xf64>", [(4, 3)])

# Norms and reductions.
for op in ("max", "min", "sum", "mean"):
    case(f"reduce_{op}", [a],
         f"""%y = slim.reduce_{op} %0 {{axes = array<i64: 0, 2>}} : ({a}) -> tensor<?xf64>
         return %y : tensor<?xf64>""", "tensor<?xf64>", [(2, 4, 3)])
case("layer_norm", [a, "tensor<3xf64>", "tensor<3xf64>"],
     f"""%y:3 = slim.layer_norm %0 scale %1 bias %2 {{axis = 2, epsilon = 1.0e-5 : f32}}
       : ({a}, tensor<3xf64>, tensor<3xf64>) -> ({a}, tensor<?x?x1xf64>, tensor<?x?x1xf64>)
     return %y#0 : {a}""", a, [(2, 4, 3), (3,), (3,)])
case("layer_norm_all", [a],
     f"""%y:3 = slim.layer_norm %0 {{axis = 1, epsilon = 1.0e-5 : f32}}
       : ({a}) -> ({a}, tensor<?x1x1xf64>, tensor<?x1x1xf64>)
     return %y#0, %y#1, %y#2 : {a}, tensor<?x1x1xf64>, tensor<?x1x1xf64>""",
     [a, "tensor<?x1x1xf64>", "tensor<?x1x1xf64>"], [(2, 4, 3)])
case("rms_norm", [a, "tensor<3xf64>"],
     f"""%y = slim.rms_norm %0, %1 {{axis = 2, epsilon = 1.0e-5 : f32}}
       : ({a}, tensor<3xf64>) -> {a}\nreturn %y : {a}""", a, [(2, 4, 3), (3,)])
v = "tensor<3xf64>"
case("batch_norm", ["tensor<?x3x?xf64>", v, v, v, v],
     f"""%y = slim.batch_norm %0, %1, %2, %3, %4 {{epsilon = 1.0e-3 : f32}}
       : (tensor<?x3x?xf64>, {v}, {v}, {v}, {v}) -> tensor<?x3x?xf64>
     return %y : tensor<?x3x?xf64>""", "tensor<?x3x?xf64>",
     [(2, 3, 4), (3,), (3,), (3,), (3,)], low=0.5)

# Convolutions and pools.
for name, image, filters, bias, strides, pads, dilations, groups, open_ in (
    ("conv", (2, 3, 6, 5), (4, 3, 3, 2), True, [1, 1], [1, 0, 2, 1], [1, 1], 1, True),
    ("conv_strided", (1, 2, 7, 6), (2, 2, 3, 3), False, [2, 3], [1, 1, 0, 1], [1, 1], 1, True),
    ("conv_known", (1, 2, 8, 6), (2, 2, 2, 3), False, [2, 1], [0, 1, 0, 1], [1, 1], 1, False),
    ("conv_grouped", (2, 4, 5, 5), (6, 2, 3, 3), True, [2, 1], [1, 1, 1, 1], [1, 2], 2, True),
    ("conv_depthwise", (2, 3, 6, 5), (3, 1, 3, 3), True, [2, 2], [1, 1, 1, 1], [1, 1], 3, False),
    ("conv_1d", (2, 3, 6), (2, 3, 3), False, [1], [1, 1], [2], 1, True),
):
    rank = len(image)
    x = tensor(("?", image[1]) + ("?",) * (rank - 2) if open_ else image)
    w = tensor(filters)
    y = tensor(("?", filters[0]) + ("?",) * (rank - 2))
    array = lambda values: f"array<i64: {', '.join(map(str, values))}>"
    kinds = [x, w] + [tensor(filters[:1])] * bias
    names = ", ".join(f"%{i}" for i in range(len(kinds)))
    case(name, kinds,
         f"""%y = slim.conv {names} {{strides = {array(strides)}, pads = {array(pads)},
           dilations = {array(dilations)}, groups = {groups}}}
           : ({', '.join(kinds)}) -> {y}\nreturn %y : {y}""", y,
         [image, filters] + [filters[:1]] * bias)
x, w, y = tensor("?4??"), tensor((4, 3, 3, 2)), tensor("?6??")
case("conv_transpose", [x, w, tensor((6,))],
     f"""%y = slim.conv_transpose %0, %1, %2 {{strides = array<i64: 2, 1>,
       pads = array<i64: 1, 0, 0, 1>, dilations = array<i64: 1, 2>,
       output_padding = array<i64: 1, 0>, groups = 2}}
       : ({x}, {w}, tensor<6xf64>) -> {y}\nreturn %y : {y}""", y,
     [(2, 4, 3, 4), (4, 3, 3, 2), (6,)])
for name, ceil, include, pads in (
    ("pool", "false", "false", "1, 0, 0, 1"), ("pool_ceil", "true", "false", "0, 0, 0, 0"),
    ("pool_padded", "false", "true", "1, 1, 1, 1"),
):
    x = tensor("?2??")
    case(f"avg_{name}", [x],
         f"""%y = slim.avg_pool %0 {{kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>,
           pads = array<i64: {pads}>, dilations = array<i64: 1, 1>, ceil_mode = {ceil},
           count_include_pad = {include}}} : ({x}) -> {x}\nreturn %y : {x}""", x,
         [(2, 2, 6, 5)])

# Attention.
q, k = "tensor<?x4x?x3xf64>", "tensor<?x2x?x3xf64>"
case("attention", [q, q, q],
     f"%y = slim.attention %0, %1, %2 : ({q}, {q}, {q}) -> {q}\nreturn %y : {q}", q,
     [(2, 4, 3, 3), (2, 4, 5, 3), (2, 4, 5, 3)])
case("attention_mask", [q, q, q, "tensor<?x1x1x?xf64>"],
     f"""%y = slim.attention %0, %1, %2 mask %3 {{scale = 0.5 : f32}}
       : ({q}, {q}, {q}, tensor<?x1x1x?xf64>) -> {q}\nreturn %y : {q}""", q,
     [(2, 4, 3, 3), (2, 4, 5, 3), (2, 4, 5, 3), (2, 1, 1, 5)])
case("attention_causal", [q, k, k],
     f"""%y = slim.attention %0, %1, %2 {{causal = true}}
       : ({q}, {k}, {k}) -> {q}\nreturn %y : {q}""", q,
     [(2, 4, 4, 3), (2, 2, 3, 3), (2, 2, 3, 3)])
case("attention_admits", [q, k, k],
     f"""%m = slim.constant dense<[[true, false, true], [false, false, false]]>
       : tensor<2x3xi1>
     %y = slim.attention %0, %1, %2 mask %m
       : ({q}, {k}, {k}, tensor<2x3xi1>) -> {q}\nreturn %y : {q}""", q,
     [(1, 4, 2, 3), (1, 2, 3, 3), (1, 2, 3, 3)])
r, angle = "tensor<?x2x?x6xf64>", "tensor<?x2xf64>"
for interleaved in ("true", "false"):
    case(f"rotary_{interleaved}", [r, angle, angle],
         f"""%y = slim.rotary_embedding %0, %1, %2 {{interleaved = {interleaved}}}
           : ({r}, {angle}, {angle}) -> {r}\nreturn %y : {r}""", r,
         [(2, 2, 3, 6), (3, 2), (3, 2)], wanted=[0])

# Whole blocks: values of several uses, weights, and a constant path.
h = "tensor<?x?x6xf64>"
WEIGHTS += [("up", (8, 6)), ("down", (6, 8))]
case("encoder", [h],
     f"""%u = slim.get_weight @up : tensor<8x6xf64>
     %d = slim.get_weight @down : tensor<6x8xf64>
     %g = slim.linear %0, %u : ({h}, tensor<8x6xf64>) -> tensor<?x?x8xf64>
     %a = slim.relu %g : (tensor<?x?x8xf64>) -> tensor<?x?x8xf64>
     %r = slim.linear %a, %d : (tensor<?x?x8xf64>, tensor<6x8xf64>) -> {h}
     %s = slim.add %r, %0 : ({h}, {h}) -> {h}
     %y:3 = slim.layer_norm %s {{axis = 2, epsilon = 1.0e-5 : f32}}
       : ({h}) -> ({h}, tensor<?x?x1xf64>, tensor<?x?x1xf64>)
     %z = slim.mul %y#0, %s : ({h}, {h}) -> {h}
     return %z, %a : {h}, tensor<?x?x8xf64>""",
     [h, "tensor<?x?x8xf64>"], [(2, 3, 6)])
x, e = tensor("?4??"), tensor((8, 4, 1, 1))
case("residual", [x, e, tensor((8, 1, 3, 3)), tensor((4, 8, 1, 1))],
     f"""%l = slim.constant dense<0.0> : tensor<f64>
     %a = slim.conv %0, %1 {{strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
       dilations = array<i64: 1, 1>}} : ({x}, {e}) -> tensor<?x8x?x?xf64>
     %b = slim.clamp %a lower %l : (tensor<?x8x?x?xf64>, tensor<f64>) -> tensor<?x8x?x?xf64>
     %c = slim.conv %b, %2 {{strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
       dilations = array<i64: 1, 1>, groups = 8}}
       : (tensor<?x8x?x?xf64>, tensor<8x1x3x3xf64>) -> tensor<?x8x?x?xf64>
     %d = slim.hard_swish %c : (tensor<?x8x?x?xf64>) -> tensor<?x8x?x?xf64>
     %p = slim.conv %d, %3 {{strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
       dilations = array<i64: 1, 1>}} : (tensor<?x8x?x?xf64>, tensor<4x8x1x1xf64>) -> {x}
     %y = slim.add %p, %0 : ({x}, {x}) -> {x}
     return %y : {x}""", x, [(1, 4, 3, 4), (8, 4, 1, 1), (8, 1, 3, 3), (4, 8, 1, 1)])


def literal(values):
    if values.ndim == 0:
        return repr(float(values))
    return "[" + ", ".join(map(literal, values)) + "]"


text, passes = "", []
for name, shape in WEIGHTS:
    t = tensor(shape)
    text += f"slim.weight @{name} : {t} = dense<{literal(rng.uniform(-1, 1, shape))}> : {t}\n"
for name, arguments, body, results, _, wanted, _, _ in CASES:
    declared = ", ".join(f"%{i}: {t}" for i, t in enumerate(arguments))
    text += f"func.func @{name}({declared}) -> ({', '.join(results)}) {{\n{body}\n}}\n"
    chosen = f" arguments={','.join(map(str, wanted))}" if wanted else ""
    passes.append(f"slim-differentiate{{function={name}{chosen}}}")
source, differentiated, library = (
    os.path.join(directory, f) for f in ("cases.mlir", "gradients.mlir", "cases.so"))
with open(source, "w") as file:
    file.write(text)
subprocess.run([slim_opt, source, f"-pass-pipeline=builtin.module({','.join(passes)})",
                "-o", differentiated], check=True)
subprocess.run([slimc, differentiated, "-o", library], check=True)

failed = 0
with Model(library) as model:
    for name, arguments, _, results, shapes, wanted, low, high in CASES:
        inputs = [rng.uniform(low, high, s) for s in shapes]
        if name == "of_clamp":
            inputs[1:] = [np.array(-0.5), np.array(0.25)]

        def run(entry, values):
            return list(model.run(values, entry=entry).values())

        outputs = run(name, inputs)
        cotangents = [rng.uniform(-1, 1, o.shape) for o in outputs]
        found = run(name + ".gradient", inputs + cotangents)
        problem = ""
        for output, other in zip(outputs, found):
            if not np.allclose(output, other, rtol=1e-12, atol=1e-12):
                problem = "its results differ"
        gradients = found[len(outputs):]
        for number, gradient in zip(wanted or range(len(inputs)), gradients):
            if gradient.shape != inputs[number].shape:
                problem = f"gradient {number} has shape {gradient.shape}"
                break
            worst = 0.0
            for index in np.ndindex(inputs[number].shape):
                sides = []
                for step in (STEP, -STEP):
                    moved = [i.copy() for i in inputs]
                    moved[number][index] += step
                    sides.append(sum((o * g).sum() for o, g in
                                     zip(run(name, moved), cotangents)))
                expected = (sides[0] - sides[1]) / (2 * STEP)
                error = abs(gradient[index] - expected) / max(1.0, abs(expected))
                worst = max(worst, error if np.isfinite(error) else np.inf)
            if not worst <= TOLERANCE:
                problem = f"gradient {number} is off by {worst:g}"
        if problem:
            failed += 1
            print(f"{name}: {problem}")
print(f"{len(CASES) - failed} of {len(CASES)} functions have the right gradients")
sys.exit(failed != 0)
