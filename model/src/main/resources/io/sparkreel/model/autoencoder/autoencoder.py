# SPDX-License-Identifier: Apache-2.0
#
# The leaf mathematics of the autoencoder, in the dialect of tensor.py. It is only run, never trained.
#
# N pictures, C channels, H rows, W columns.
class AutoencoderKernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # w: weight of an odd kernel, bias.
  def convolve(self: __torch__.AutoencoderKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    border = torch.size(w[0], 2) // 2
    return torch.conv2d(x, w[0], w[1], [1, 1], [border, border])

  # w: norm weight, bias, convolution weight, bias.
  def norm_convolve(self: __torch__.AutoencoderKernels, x: Tensor, groups: int, w: List[Tensor]) -> Tensor:
    n = torch.group_norm(x, groups, w[0], w[1], 1e-6)
    return self.convolve(torch.silu(n), [w[2], w[3]])

  # w: norm, convolution, norm, convolution, and a 1x1 projection where channels change; weight and bias of each.
  def residual(self: __torch__.AutoencoderKernels, x: Tensor, groups: int, w: List[Tensor]) -> Tensor:
    h = self.norm_convolve(x, groups, [w[0], w[1], w[2], w[3]])
    h0 = self.norm_convolve(h, groups, [w[4], w[5], w[6], w[7]])
    shortcut = x
    if torch.gt(torch.len(w), 8):
      shortcut = self.convolve(x, [w[8], w[9]])
    return torch.add(shortcut, h0)

  # w: norm, q, k, v, projection; weight and bias of each.
  def pixel_attention(self: __torch__.AutoencoderKernels, x: Tensor, groups: int, w: List[Tensor]) -> Tensor:
    n = torch.group_norm(x, groups, w[0], w[1], 1e-6)
    pixels = torch.unsqueeze(torch.transpose(torch.flatten(n, 2), 1, 2), 1)
    q = torch.linear(pixels, w[2], w[3])
    k = torch.linear(pixels, w[4], w[5])
    v = torch.linear(pixels, w[6], w[7])
    o = torch.linear(torch.scaled_dot_product_attention(q, k, v), w[8], w[9])
    return torch.add(x, torch.reshape(torch.transpose(torch.squeeze(o, 1), 1, 2), torch.size(x)))

  # One row and column of zeros at the bottom and right, then a 3x3 convolution of stride 2.
  def downsample(self: __torch__.AutoencoderKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    return torch.conv2d(torch.constant_pad_nd(x, [0, 1, 0, 1]), w[0], w[1], [2, 2])

  # Every pixel four times, then a 3x3 convolution.
  def upsample(self: __torch__.AutoencoderKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    return self.convolve(torch.upsample_nearest2d(x, [torch.size(x, 2) * 2, torch.size(x, 3) * 2]), w)
