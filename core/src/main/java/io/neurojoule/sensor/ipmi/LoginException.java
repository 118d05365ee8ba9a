package io.neurojoule.sensor.ipmi;

import java.io.IOException;

/// The controller answers, and refuses the session: another user, password, privilege or cipher suite is wanted.
final class LoginException extends IOException {
    private static final long serialVersionUID = 1;

    LoginException(String message) {
        super(message);
    }

    /// A status of the RMCP+ handshake.
    ///
    /// @see <a
    /// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
    ///     2.0, table 13-15</a>
    static LoginException of(String where, String step, int status) {
        return new LoginException(
                "%s refuses the session at %s: status 0x%02x, %s".formatted(where, step, status, words(status)));
    }

    private static String words(int status) {
        return switch (status) {
            case 0x01 -> "it has no free session; close others, or wait a minute for them to end";
            case 0x02 -> "it does not know the session";
            case 0x03 -> "invalid payload type";
            case 0x04 -> "it does not have this authentication algorithm; try the other cipher (3 or 17)";
            case 0x05 -> "it does not have this integrity algorithm; try the other cipher (3 or 17)";
            case 0x06, 0x07 -> "the proposed algorithms do not match; try the other cipher (3 or 17)";
            case 0x08 -> "the session is not active";
            case 0x09 -> "invalid role";
            case 0x0A ->
                "this user may not have the privilege that was asked for; try another privilege (user, operator, administrator)";
            case 0x0B -> "it has no free session for this privilege";
            case 0x0C -> "the name of the user is too long or empty";
            case 0x0D -> "it has no such user, or the user may not log in over the network";
            case 0x0E -> "it does not accept its own identity (GUID)";
            case 0x0F -> "the integrity check failed: the password is wrong";
            case 0x10 -> "it does not have this encryption; try the other cipher (3 or 17)";
            case 0x11 -> "it does not allow this cipher suite; try the other cipher (3 or 17)";
            case 0x12 -> "a parameter is invalid for it";
            default -> "a status that the specification does not name";
        };
    }
}
