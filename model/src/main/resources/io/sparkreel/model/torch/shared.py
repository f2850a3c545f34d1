# SPDX-License-Identifier: Apache-2.0
#
# Functions that several families need: KernelArchive puts them into each class that asks for them, since classes cannot
# call each other.
#
# Precision: parameters are fp32, or, where they are frozen, in the compute type. A block computes in the type of its
# tokens, fp32 or bf16, to which it casts the weights of linear maps as part of the graph, so that their gradients come
# back in fp32. Norms, rotation and modulation are fp32 in any case. Where nothing changes a cast costs nothing: it
# returns its argument.

  # A linear map in the type of x.
  def project(self: __torch__.Shared, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.linear(x, torch.to(weight, x), torch.to(bias, x))

  def modulate(self: __torch__.Shared, x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    normed = torch.layer_norm(torch.to(x, 6), [torch.size(x, -1)], None, None, 1e-6)
    return torch.to(torch.addcmul(shift, normed, torch.add(scale, 1)), x)

  def gated(self: __torch__.Shared, x: Tensor, gate: Tensor, change: Tensor) -> Tensor:
    return torch.to(torch.addcmul(x, gate, change), x)

  # -> fp32
  def head_norm(self: __torch__.Shared, x: Tensor, weight: Tensor) -> Tensor:
    return torch.rms_norm(torch.to(x, 6), [torch.size(x, -1)], weight, 1e-6)

  # Rotates interleaved pairs of the last dimension; turn: complex [T, 1, 1, hd/2], x: [B, T, S, h, hd] -> fp32.
  def rotate(self: __torch__.Shared, x: Tensor, turn: Tensor) -> Tensor:
    shape = torch.size(x)
    pairs = torch.view_as_complex(torch.reshape(torch.to(x, 6), [shape[0], shape[1], shape[2], shape[3], -1, 2]))
    return torch.flatten(torch.view_as_real(torch.mul(pairs, turn)), -2)
