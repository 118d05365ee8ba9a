"""Adapters of inference runtimes, each started as `python -m neurojoule.adapters.NAME`.

Each module needs its runtime, and nothing here imports them.
"""
