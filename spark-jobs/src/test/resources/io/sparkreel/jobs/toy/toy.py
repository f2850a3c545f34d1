# SPDX-License-Identifier: Apache-2.0
#
# The leaf mathematics of the toy family and its process, in the dialect of tensor.py.
#
# B batch, C channels, T latent frames, H and W rows and columns, D width, L text tokens.
class ToyKernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # [B, C, T, H, W] -> [B, T, H, W, D]; w: weight, bias.
  def embed(self: __torch__.ToyKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    return torch.linear(torch.permute(x, [0, 2, 3, 4, 1]), w[0], w[1])

  # [B, L, W] -> [B, 1, 1, 1, D]; w: weight, bias.
  def caption(self: __torch__.ToyKernels, features: Tensor, w: List[Tensor]) -> Tensor:
    means = torch.linear(torch.mean(features, [1]), w[0], w[1])
    return torch.view(means, [torch.size(means, 0), 1, 1, 1, -1])

  # time: [B, 1, 1, 1, 1]; w: weight, bias, weight, bias, row of the time [D].
  def block(self: __torch__.ToyKernels, x: Tensor, caption: Tensor, time: Tensor, w: List[Tensor]) -> Tensor:
    hidden = torch.add(torch.add(torch.linear(x, w[0], w[1]), caption), torch.mul(time, w[4]))
    return torch.add(x, torch.linear(torch.gelu(hidden, approximate="tanh"), w[2], w[3]))

  # [B, T, H, W, D] -> [B, C, T, H, W]; w: weight, bias.
  def head(self: __torch__.ToyKernels, x: Tensor, w: List[Tensor]) -> Tensor:
    return torch.contiguous(torch.permute(torch.linear(x, w[0], w[1]), [0, 4, 1, 2, 3]))

  # time: [B, 1, T, 1, 1].
  def mix(self: __torch__.ToyKernels, start: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    return torch.lerp(start, noise, time)

  # weight: [B, T] -> [B].
  def velocity_error(self: __torch__.ToyKernels, out: Tensor, start: Tensor, noise: Tensor, weight: Tensor) -> Tensor:
    error = torch.pow(torch.sub(out, torch.sub(noise, start)), 2)
    return torch.sum(torch.mul(torch.mean(error, [1, 3, 4]), weight), [1])

  def move(self: __torch__.ToyKernels, x: Tensor, velocity: Tensor, step: float) -> Tensor:
    return torch.sub(x, torch.mul(velocity, step))
