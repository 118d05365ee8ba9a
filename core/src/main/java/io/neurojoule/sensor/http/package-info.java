/// Any URL that answers with a value, as text or in JSON.
@NullMarked
package io.neurojoule.sensor.http;

import org.jspecify.annotations.NullMarked;
