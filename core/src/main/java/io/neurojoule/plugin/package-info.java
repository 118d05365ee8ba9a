/// Plug-ins found by name through ServiceLoader.
@NullMarked
package io.neurojoule.plugin;

import org.jspecify.annotations.NullMarked;
