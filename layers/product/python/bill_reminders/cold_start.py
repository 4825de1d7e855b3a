"""Imported first by a function, whose last line says that it is `ready`.

Loading makes objects that live as long as the process. The garbage collector would go through them
again and again meanwhile, for nothing, and at every collection of the warm path.
"""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # tests load many functions into one process
    gc.disable()


def ready() -> None:
    """Collect from now on, and only what comes from now on."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
