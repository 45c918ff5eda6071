"""What the server has imported that processes are forked from. Importing this changes a process: only the server does.

It must have one thread: of another nothing would be in what is forked from it but the locks that it held.
"""

import gc
import os
import signal

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # its threads would begin when numpy and OpenCV are imported
for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, signal.SIG_IGN)  # they mean the service, which lets its processes finish what they read

import ai_edge_litert.interpreter  # noqa: E402, F401
import cv2  # noqa: E402

import digitd.engine.processes  # noqa: E402
import digitd.reader  # noqa: E402, F401

cv2.setNumThreads(1)
gc.collect()
gc.freeze()  # what is not looked at is not copied either
