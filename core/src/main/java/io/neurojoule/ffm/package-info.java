/// C libraries as records of method handles.
@NullMarked
package io.neurojoule.ffm;

import org.jspecify.annotations.NullMarked;
