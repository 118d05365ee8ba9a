/// The command line: one class per command.
@NullMarked
package io.neurojoule.cli;

import org.jspecify.annotations.NullMarked;
