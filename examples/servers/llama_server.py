#!/usr/bin/env python3
"""llama.cpp's own HTTP server on 127.0.0.1, from the wheel xllamacpp: llama_server.py MODEL.gguf PORT THREADS.

Prints its address when it answers, and ends with SIGTERM.
"""

import signal
import sys

import xllamacpp


def main(model, port, threads):
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = int(port)
    params.n_ctx = 8192
    params.n_parallel = 4
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(threads)
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main(*sys.argv[1:])
