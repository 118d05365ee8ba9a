/// Results for people and for other programs: text, CSV, JSON, HTML. Reads data only; computes no result.
@NullMarked
package io.neurojoule.report;

import org.jspecify.annotations.NullMarked;
