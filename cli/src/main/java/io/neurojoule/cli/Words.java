package io.neurojoule.cli;

import java.util.ArrayList;
import java.util.List;

/// Splits a command as a shell splits words, without any expansion.
final class Words {
    private Words() {}

    static List<String> split(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean started = false;
        char quote = 0;
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else if (c == '\\' && quote == '"' && i + 1 < command.length()) {
                    word.append(command.charAt(++i));
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                started = true;
            } else if (c == '\\' && i + 1 < command.length()) {
                word.append(command.charAt(++i));
                started = true;
            } else if (Character.isWhitespace(c)) {
                if (started) {
                    words.add(word.toString());
                }
                word.setLength(0);
                started = false;
            } else {
                word.append(c);
                started = true;
            }
        }
        if (quote != 0) {
            throw new UserException(Exit.USAGE, "--adapter: a quote is not closed in: " + command);
        }
        if (started) {
            words.add(word.toString());
        }
        if (words.isEmpty()) {
            throw new UserException(Exit.USAGE, "--adapter needs a command, e.g. --adapter 'python3 my_net.py'");
        }
        return words;
    }
}
