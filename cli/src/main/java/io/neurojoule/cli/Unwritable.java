package io.neurojoule.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A run directory that cannot be written, for the user: a full disk is another exit code than a wrong `-o`.
final class Unwritable {
    /// A file system with less than a block free takes no file any more.
    private static final long BLOCK_BYTES = 4096;

    private Unwritable() {}

    static UserException of(Path directory, IOException why) {
        boolean begun = Files.exists(directory.resolve("run.json")) && !(why instanceof DirectoryNotEmptyException);
        boolean full = isFull(directory);
        return new UserException(
                begun || full ? Exit.BUG : Exit.USAGE,
                "cannot write the run directory %s: %s. %s%s"
                        .formatted(
                                directory,
                                full ? "the disk is full" : reason(why),
                                full
                                        ? "Free some space, or name another directory with -o"
                                        : "Name another directory with -o",
                                begun ? "; what was recorded is kept: neurojoule analyze " + directory : ""));
    }

    private static String reason(IOException why) {
        if (why instanceof DirectoryNotEmptyException) {
            return "it is not empty";
        }
        if (why instanceof FileAlreadyExistsException file) {
            return file.getFile() + " is a file";
        }
        if (why instanceof AccessDeniedException file) {
            return "permission denied for " + file.getFile();
        }
        if (why instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        return String.valueOf(why.getMessage());
    }

    /// Asks the file system of the nearest directory above that is there: the error's text depends on the language.
    private static boolean isFull(Path directory) {
        try {
            Path there = directory.toAbsolutePath();
            while (!Files.isDirectory(there) && there.getParent() != null) {
                there = there.getParent();
            }
            return Files.isWritable(there) && Files.getFileStore(there).getUsableSpace() < BLOCK_BYTES;
        } catch (IOException e) {
            return false; // then the reason that is known has to do
        }
    }
}
