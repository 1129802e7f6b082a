"""slim: run models that slimc has compiled.

>>> import slim
>>> model = slim.Model("encoder.so")
>>> outputs = model.run({"input_ids": ids, "attention_mask": mask})
"""
from slim.runtime import BoundRun, Entry, Model, ModelError, TensorInfo

__all__ = ["BoundRun", "Entry", "Model", "ModelError", "TensorInfo"]
