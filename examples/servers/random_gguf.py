#!/usr/bin/env python3
"""A small Llama of random weights for llama.cpp: random_gguf.py FILE. 25.5 million parameters in fp32, 102 MB.

What it writes is nonsense, at the cost of a real network of this size.
"""

import sys

import gguf
import numpy as np

CONTEXT, WIDTH, LAYERS, HEADS, KV_HEADS, HIDDEN = 8192, 512, 8, 8, 4, 1376
WORDS = 2048
SEED = 1


def vocabulary():
    """Name and type of each token; text that holds no word of it costs one token a byte."""
    kinds = gguf.TokenType
    control = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    return (
        control
        + [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
        + [(f"\u2581w{word:04d}", kinds.NORMAL) for word in range(WORDS)]
    )


def tensors(tokens):
    """Name and weights of each tensor, (out, in)."""
    random = np.random.default_rng(SEED)

    def weights(*shape):
        return random.normal(0, shape[-1] ** -0.5, shape).astype(np.float32)

    ones = np.ones(WIDTH, np.float32)
    key_width = WIDTH // HEADS * KV_HEADS
    output = weights(len(tokens), WIDTH)
    output[: len(tokens) - WORDS] = 0  # greedy text is words alone, one token each
    yield "token_embd.weight", weights(len(tokens), WIDTH)
    yield "output_norm.weight", ones
    yield "output.weight", output
    for layer in range(LAYERS):
        for name, rows, columns in (
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", key_width, WIDTH),
            ("attn_v", key_width, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", HIDDEN, WIDTH),
            ("ffn_up", HIDDEN, WIDTH),
            ("ffn_down", WIDTH, HIDDEN),
        ):
            yield f"blk.{layer}.{name}.weight", weights(rows, columns)
        yield f"blk.{layer}.attn_norm.weight", ones
        yield f"blk.{layer}.ffn_norm.weight", ones


def main(path):
    tokens = vocabulary()
    out = gguf.GGUFWriter(path, "llama")
    out.add_context_length(CONTEXT)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(HIDDEN)
    out.add_head_count(HEADS)
    out.add_head_count_kv(KV_HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_vocab_size(len(tokens))
    out.add_file_type(gguf.LlamaFileType.ALL_F32)
    out.add_tokenizer_model("llama")
    out.add_token_list([name for name, _ in tokens])
    out.add_token_types([kind for _, kind in tokens])
    out.add_token_scores([0.0] * len(tokens))
    out.add_unk_token_id(0)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    for name, values in tensors(tokens):
        out.add_tensor(name, values)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
