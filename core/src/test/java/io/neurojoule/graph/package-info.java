@org.jspecify.annotations.NullMarked
package io.neurojoule.graph;
