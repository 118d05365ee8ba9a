/// A client of servers of language models: OpenAI's completions and chat, and Ollama's own interface.
@NullMarked
package io.neurojoule.workload.openai;

import org.jspecify.annotations.NullMarked;
