# SPDX-License-Identifier: Apache-2.0
#
# What all owners of kernels need: memory, flat vectors, sums, rows and columns, the optimizer.
#
# Dialect of all kernels: TorchScript, which is every operator of libtorch with autograd, at one native call for a whole
# sub-layer. Java decides what is called, in which order and on which parameters. Every argument is annotated, operators
# are called as torch.name(...), and a source is one class, into which the functions of shared.py are copied.
#
# Types by PyTorch's number: 6 for fp32, 15 for bf16, 4 for int64.
class Kernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def self_test(self: __torch__.Kernels, shape: List[int]) -> Tensor:
    count = torch.prod(torch.tensor(shape)).item()
    return torch.to(torch.view(torch.arange(annotate(int, count)), shape), 6)

  # The largest difference of a convolution from the same as a product of matrices. All values are small integers, so
  # that a right answer differs by exactly 0.
  def self_test_convolution(self: __torch__.Kernels, batch: int, channels: int, height: int, width: int) -> Tensor:
    x = torch.to(torch.remainder(torch.arange(batch * channels * height * width), 7), 6)
    x0 = torch.view(x, [batch, channels, height, width])
    weight = torch.to(torch.remainder(torch.arange(channels * channels * 9), 5), 6)
    convolved = torch.conv2d(x0, torch.view(weight, [channels, channels, 3, 3]), None, [1, 1], [1, 1])
    patches = torch.im2col(x0, [3, 3], [1, 1], [1, 1], [1, 1])
    product = torch.matmul(torch.view(weight, [channels, channels * 9]), patches)
    return torch.max(torch.abs(torch.sub(torch.flatten(convolved, 2), product)))

  def to_host(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.contiguous(torch.to(torch.detach(x), torch.device("cpu"), 6))

  def to_device(self: __torch__.Kernels, x: Tensor, device: str) -> Tensor:
    return torch.to(x, torch.device(device), 6)

  # dtype: PyTorch's number of a type, 6 for fp32 and 15 for bf16.
  def zeros(self: __torch__.Kernels, shape: List[int], dtype: int, device: str) -> Tensor:
    return torch.zeros(shape, dtype=dtype, device=torch.device(device))

  def slice_flat(self: __torch__.Kernels, flat: Tensor, begin: int, count: int, shape: List[int]) -> Tensor:
    return torch.view(torch.narrow(flat, 0, begin, count), shape)

  def flatten_view(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.view(x, [-1])

  def copy_into(self: __torch__.Kernels, target: Tensor, source: Tensor) -> Tensor:
    return torch.copy_(target, source)

  def fill(self: __torch__.Kernels, target: Tensor, value: float) -> Tensor:
    return torch.fill_(target, value)

  def add(self: __torch__.Kernels, a: Tensor, b: Tensor) -> Tensor:
    return torch.add(a, b)

  def multiply(self: __torch__.Kernels, a: Tensor, b: Tensor) -> Tensor:
    return torch.mul(a, b)

  def add_scaled(self: __torch__.Kernels, a: Tensor, b: Tensor, scale: Tensor) -> Tensor:
    return torch.addcmul(a, b, scale)

  def scaled_sum(self: __torch__.Kernels, x: Tensor, scale: float) -> Tensor:
    return torch.mul(torch.sum(x), scale)

  def concat_last(self: __torch__.Kernels, parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, -1)

  # Gives several results of one graph back to it in one pass: d(sum)/d(result_i) = gradient_i.
  def weighted_sum(self: __torch__.Kernels, results: List[Tensor], gradients: List[Tensor]) -> Tensor:
    total = torch.sum(torch.mul(results[0], gradients[0]))
    for i in range(1, torch.len(results)):
      total = torch.add(total, torch.sum(torch.mul(results[i], gradients[i])))
    return total

  # out: [2n, 2C, ...], conditional half first; the guided channels of both halves become u + s (c - u).
  def guide(self: __torch__.Kernels, out: Tensor, scale: float, channels: int) -> Tensor:
    n = torch.size(out, 0) // 2
    guided = torch.narrow(out, 1, 0, channels)
    rest = torch.narrow(out, 1, channels, torch.size(out, 1) - channels)
    conditional = torch.narrow(guided, 0, 0, n)
    unconditional = torch.narrow(guided, 0, n, n)
    half = torch.add(unconditional, torch.mul(torch.sub(conditional, unconditional), scale))
    return torch.cat([torch.cat([half, half], 0), rest], 1)

  # Frames of a where chosen [n, 1, T, 1, 1] is not 0, else of b.
  def choose_frames(self: __torch__.Kernels, chosen: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(torch.ne(chosen, 0), a, b)

  def first_rows(self: __torch__.Kernels, x: Tensor, rows: int) -> Tensor:
    return torch.contiguous(torch.narrow(x, 0, 0, rows))

  def rows(self: __torch__.Kernels, x: Tensor, begin: int, count: int) -> Tensor:
    return torch.narrow(x, 0, begin, count)

  def columns(self: __torch__.Kernels, x: Tensor, begin: int, count: int) -> Tensor:
    return torch.narrow(x, 1, begin, count)

  def repeat_twice(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.cat([x, x], 0)

  # Lists come in as arguments: written here as literals, the compiler takes the update for dead code.
  def adamw(self: __torch__.Kernels, parameter: List[Tensor], gradient: List[Tensor], first: List[Tensor], second: List[Tensor], step: List[Tensor], lr: float, beta1: float, beta2: float, eps: float, decay: float) -> int:
    torch._fused_adamw_(parameter, gradient, first, second, [], step, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False, grad_scale=None, found_inf=None)
    return torch.len(parameter)

  # target += weight (source - target)
  def lerp_into(self: __torch__.Kernels, target: Tensor, source: Tensor, weight: float) -> Tensor:
    return torch.lerp_(target, source, weight)

  def norm(self: __torch__.Kernels, x: Tensor) -> float:
    return annotate(float, torch.item(torch.linalg_vector_norm(x)))

  # n vectors -> [n]
  def norms(self: __torch__.Kernels, x: List[Tensor]) -> Tensor:
    return torch.stack(torch._foreach_norm(x))

  def scale_in_place(self: __torch__.Kernels, x: Tensor, factor: float) -> Tensor:
    return torch.mul_(x, factor)
