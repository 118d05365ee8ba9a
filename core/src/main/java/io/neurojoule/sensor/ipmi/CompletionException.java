package io.neurojoule.sensor.ipmi;

import java.io.IOException;

/// A controller's refusal: its completion code, in words.
///
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
///     2.0, table 5-2</a>
final class CompletionException extends IOException {
    private static final long serialVersionUID = 1;

    static final int INVALID_COMMAND = 0xC1;
    static final int INVALID_FOR_LUN = 0xC2;
    static final int RESERVATION_CANCELLED = 0xC5;
    static final int CANNOT_RETURN_SO_MANY = 0xCA;
    static final int PRIVILEGE = 0xD4;
    static final int DISABLED = 0xD6;

    private final int code;

    CompletionException(Request request, int code) {
        super("%s: completion code 0x%02x, %s".formatted(request, code, words(code)));
        this.code = code;
    }

    int code() {
        return code;
    }

    /// Whether the controller lacks the command, so that asking again is no use.
    boolean isUnsupported() {
        return code == INVALID_COMMAND || code == INVALID_FOR_LUN || code == DISABLED;
    }

    static String words(int code) {
        return switch (code) {
            case 0xC0 -> "the controller is busy; it may answer later";
            case INVALID_COMMAND -> "it does not support this command";
            case INVALID_FOR_LUN -> "it does not support this command for this unit (LUN)";
            case 0xC3 -> "it took too long to process the command";
            case 0xC4 -> "it is out of space";
            case RESERVATION_CANCELLED -> "the reservation was cancelled by another reader";
            case 0xC6 -> "the request data were cut off";
            case 0xC7 -> "the length of the request data is wrong for it";
            case 0xC8 -> "the request asks for more than a field can hold";
            case 0xC9 -> "a parameter is out of range";
            case CANNOT_RETURN_SO_MANY -> "it cannot return so many bytes at once";
            case 0xCB -> "the sensor or record that was asked for is not there";
            case 0xCC -> "a field of the request is invalid for it";
            case 0xCD -> "the command is not possible for this sensor or record";
            case 0xCE -> "it could not give an answer";
            case 0xCF -> "it took the request for a duplicate";
            case 0xD0 -> "its sensor data repository is being updated";
            case 0xD1 -> "its firmware is being updated";
            case 0xD2 -> "it is still starting";
            case 0xD3 -> "the part that was asked cannot be reached";
            case PRIVILEGE -> "the privilege of the session does not suffice";
            case 0xD5 -> "not possible in its present state";
            case DISABLED -> "this command is disabled";
            case 0xFF -> "an error that it does not specify";
            default ->
                code >= 0x80 && code <= 0xBE
                        ? "a reason that only this command has"
                        : code >= 0x01 && code <= 0x7E ? "a reason that only its vendor knows" : "a reserved code";
        };
    }
}
