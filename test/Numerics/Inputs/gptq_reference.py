"""GPTQ as its authors formulate it, in NumPy (arXiv 2210.17323, algorithm 1):
the inverse of the Hessian through its upper Cholesky factor, blocks of columns,
act-order with static groups."""
import numpy as np


def plain_scales(weight, bits, group, asymmetric):
    """Scale and zero point of each element: from the range of its group."""
    rows, columns = weight.shape
    group = group or columns
    scale = np.empty_like(weight)
    zero = np.zeros_like(weight)
    for first in range(0, columns, group):
        part = weight[:, first : first + group]
        if asymmetric:
            low = np.minimum(part.min(1, keepdims=True), 0)
            high = np.maximum(part.max(1, keepdims=True), 0)
            step = (high - low) / (2**bits - 1)
            offset = np.round(-(2 ** (bits - 1)) - low / step)
            zero[:, first : first + group] = offset
        else:
            step = np.abs(part).max(1, keepdims=True) / (2 ** (bits - 1) - 1)
        scale[:, first : first + group] = step
    return scale, zero


def round_values(values, scale, zero, bits, asymmetric):
    top = 2 ** (bits - 1) - 1
    low = -top - 1 if asymmetric else -top
    return (np.clip(np.round(values / scale + zero), low, top) - zero) * scale


def gptq(weight, moment, bits, group, asymmetric, damping=0.01, block=128):
    weight = weight.astype(np.float64)
    hessian = 2 * moment.astype(np.float64)
    scale, zero = plain_scales(weight, bits, group, asymmetric)
    order = np.argsort(-np.diag(hessian), kind="stable")
    weight, scale, zero = weight[:, order], scale[:, order], zero[:, order]
    hessian = hessian[np.ix_(order, order)]
    columns = weight.shape[1]
    hessian[np.diag_indices(columns)] += damping * np.mean(np.diag(hessian))
    upper = np.linalg.cholesky(np.linalg.inv(hessian)).T
    result = np.empty_like(weight)
    for begin in range(0, columns, block):
        end = min(begin + block, columns)
        errors = np.zeros((weight.shape[0], end - begin))
        for j in range(begin, end):
            result[:, j] = round_values(
                weight[:, j], scale[:, j], zero[:, j], bits, asymmetric
            )
            error = (weight[:, j] - result[:, j]) / upper[j, j]
            weight[:, j:end] -= np.outer(error, upper[j, j:end])
            errors[:, j - begin] = error
        weight[:, end:] -= errors @ upper[begin:end, end:]
    return result[:, np.argsort(order)]


def output_error(weight, rounded, moment):
    """Squared error of the output relative to the output's square."""
    weight, moment = weight.astype(np.float64), moment.astype(np.float64)
    difference = weight - rounded

    def energy(matrix):
        return np.sum((matrix @ moment) * matrix)

    return energy(difference) / energy(weight)
