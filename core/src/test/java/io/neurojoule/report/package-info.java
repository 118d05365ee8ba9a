/// Report formats: their contract, golden files and a look at the page through a browser.
@NullMarked
package io.neurojoule.report;

import org.jspecify.annotations.NullMarked;
