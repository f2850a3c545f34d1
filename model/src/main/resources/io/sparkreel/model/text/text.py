# SPDX-License-Identifier: Apache-2.0
#
# The leaf mathematics of T5, in the dialect of tensor.py. It is only run, never trained. The residual stream and the
# norms are fp32; matrices are multiplied in the type of their weights.
#
# L tokens, D width, h heads.
class TextKernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # table: [V, D] -> [1, L, D].
  def token_embedding(self: __torch__.TextKernels, table: Tensor, tokens: List[int]) -> Tensor:
    rows = torch.index_select(table, 0, torch.tensor(tokens, dtype=4, device=ops.prim.device(table)))
    return torch.unsqueeze(torch.to(rows, 6), 0)

  # positions: [1, h, L, L]; mask: [1, 1, 1, L], 0 for padding, which gets a score that no softmax sees.
  def attention_bias(self: __torch__.TextKernels, positions: Tensor, mask: Tensor, dtype: int) -> Tensor:
    return torch.to(torch.masked_fill(positions, torch.eq(mask, 0), -3.3e38), dtype)

  def rms_norm(self: __torch__.TextKernels, x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return torch.rms_norm(x, [torch.size(x, -1)], weight, eps)

  # w: norm, q, k, v, o. Scores are not scaled.
  def text_attention(self: __torch__.TextKernels, x: Tensor, bias: Tensor, heads: int, eps: float, w: List[Tensor]) -> Tensor:
    shape = [torch.size(x, 0), torch.size(x, 1), heads, -1]
    n = torch.to(self.rms_norm(x, w[0], eps), w[1])
    q = torch.transpose(torch.view(torch.linear(n, w[1]), shape), 1, 2)
    k = torch.transpose(torch.view(torch.linear(n, w[2]), shape), 1, 2)
    v = torch.transpose(torch.view(torch.linear(n, w[3]), shape), 1, 2)
    o = torch.scaled_dot_product_attention(q, k, v, bias, scale=1.)
    return torch.add(x, torch.linear(torch.flatten(torch.transpose(o, 1, 2), 2), w[4]))

  # w: norm, gate, up, down.
  def text_feed_forward(self: __torch__.TextKernels, x: Tensor, eps: float, w: List[Tensor]) -> Tensor:
    n = torch.to(self.rms_norm(x, w[0], eps), w[1])
    hidden = torch.mul(torch.gelu(torch.linear(n, w[1]), approximate="tanh"), torch.linear(n, w[2]))
    return torch.add(x, torch.linear(hidden, w[3]))
