# SPDX-License-Identifier: Apache-2.0
#
# The leaf mathematics of the pretrained text encoder and autoencoder, in the dialect of kernels.py. They are only run,
# never trained.
#
# L tokens, D width, h heads; N pictures, C channels, H rows, W columns.
class EncoderKernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # ---------------------------------------------------------------- T5
  # The residual stream and the norms are fp32; matrices are multiplied in the type of their weights.

  # table: [V, D] -> [1, L, D].
  def token_embedding(self: __torch__.EncoderKernels, table: Tensor, tokens: List[int]) -> Tensor:
    rows = torch.index_select(table, 0, torch.tensor(tokens, dtype=4, device=ops.prim.device(table)))
    return torch.unsqueeze(torch.to(rows, 6), 0)

  # positions: [1, h, L, L]; mask: [1, 1, 1, L], 0 for padding, which gets a score that no softmax sees.
  def attention_bias(self: __torch__.EncoderKernels, positions: Tensor, mask: Tensor, dtype: int) -> Tensor:
    return torch.to(torch.masked_fill(positions, torch.eq(mask, 0), -3.3e38), dtype)

  def rms_norm(self: __torch__.EncoderKernels, x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return torch.rms_norm(x, [torch.size(x, -1)], weight, eps)

  # w: norm, q, k, v, o. Scores are not scaled.
  def text_attention(self: __torch__.EncoderKernels, x: Tensor, bias: Tensor, heads: int, eps: float, w: List[Tensor]) -> Tensor:
    shape = [torch.size(x, 0), torch.size(x, 1), heads, -1]
    n = torch.to(self.rms_norm(x, w[0], eps), w[1])
    q = torch.transpose(torch.view(torch.linear(n, w[1]), shape), 1, 2)
    k = torch.transpose(torch.view(torch.linear(n, w[2]), shape), 1, 2)
    v = torch.transpose(torch.view(torch.linear(n, w[3]), shape), 1, 2)
    o = torch.scaled_dot_product_attention(q, k, v, bias, scale=1.)
    return torch.add(x, torch.linear(torch.flatten(torch.transpose(o, 1, 2), 2), w[4]))

  # w: norm, gate, up, down.
  def text_feed_forward(self: __torch__.EncoderKernels, x: Tensor, eps: float, w: List[Tensor]) -> Tensor:
    n = torch.to(self.rms_norm(x, w[0], eps), w[1])
    hidden = torch.mul(torch.gelu(torch.linear(n, w[1]), approximate="tanh"), torch.linear(n, w[2]))
    return torch.add(x, torch.linear(hidden, w[3]))

  # ---------------------------------------------------------------- autoencoder, [N, C, H, W]

  # w: weight of an odd kernel, bias.
  def convolve(self: __torch__.EncoderKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    border = torch.size(w[0], 2) // 2
    return torch.conv2d(x, w[0], w[1], [1, 1], [border, border])

  # w: norm weight, bias, convolution weight, bias.
  def norm_convolve(self: __torch__.EncoderKernels, x: Tensor, groups: int, w: List[Tensor]) -> Tensor:
    n = torch.group_norm(x, groups, w[0], w[1], 1e-6)
    return self.convolve(torch.silu(n), [w[2], w[3]])

  # w: norm, convolution, norm, convolution, and a 1x1 projection where channels change; weight and bias of each.
  def residual(self: __torch__.EncoderKernels, x: Tensor, groups: int, w: List[Tensor]) -> Tensor:
    h = self.norm_convolve(x, groups, [w[0], w[1], w[2], w[3]])
    h0 = self.norm_convolve(h, groups, [w[4], w[5], w[6], w[7]])
    shortcut = x
    if torch.gt(torch.len(w), 8):
      shortcut = self.convolve(x, [w[8], w[9]])
    return torch.add(shortcut, h0)

  # w: norm, q, k, v, projection; weight and bias of each.
  def pixel_attention(self: __torch__.EncoderKernels, x: Tensor, groups: int, w: List[Tensor]) -> Tensor:
    n = torch.group_norm(x, groups, w[0], w[1], 1e-6)
    pixels = torch.unsqueeze(torch.transpose(torch.flatten(n, 2), 1, 2), 1)
    q = torch.linear(pixels, w[2], w[3])
    k = torch.linear(pixels, w[4], w[5])
    v = torch.linear(pixels, w[6], w[7])
    o = torch.linear(torch.scaled_dot_product_attention(q, k, v), w[8], w[9])
    return torch.add(x, torch.reshape(torch.transpose(torch.squeeze(o, 1), 1, 2), torch.size(x)))

  # One row and column of zeros at the bottom and right, then a 3x3 convolution of stride 2.
  def downsample(self: __torch__.EncoderKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    return torch.conv2d(torch.constant_pad_nd(x, [0, 1, 0, 1]), w[0], w[1], [2, 2])

  # Every pixel four times, then a 3x3 convolution.
  def upsample(self: __torch__.EncoderKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    return self.convolve(torch.upsample_nearest2d(x, [torch.size(x, 2) * 2, torch.size(x, 3) * 2]), w)
