/// The only place where sensors and networks meet.
@NullMarked
package io.neurojoule.profile;

import org.jspecify.annotations.NullMarked;
