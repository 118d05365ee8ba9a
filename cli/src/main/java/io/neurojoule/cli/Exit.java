package io.neurojoule.cli;

/// Exit codes; docs/reference/exit-codes.md.
final class Exit {
    static final int GOOD = 0;
    static final int BUG = 1;
    static final int USAGE = 2;
    static final int NO_SOURCE = 3;
    static final int NETWORK_FAILED = 4;
    static final int GATE = 5;
    static final int THRESHOLD = 6;
    static final int INTERRUPTED = 130;

    private Exit() {}
}
