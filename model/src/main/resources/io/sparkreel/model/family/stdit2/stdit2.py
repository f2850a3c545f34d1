# SPDX-License-Identifier: Apache-2.0
#
# The leaf mathematics of STDiT2, in the dialect of tensor.py.
#
# B batch, T latent frames, S tokens of one frame, D hidden size, L text tokens, h heads.
class Stdit2Kernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Linear, SiLU, Linear on features [B, F]; weights: first weight, bias, second weight, bias.
  def silu_mlp(self: __torch__.Stdit2Kernels, features: Tensor, w: List[Tensor]) -> Tensor:
    hidden = torch.silu(torch.linear(features, w[0], w[1]))
    return torch.linear(hidden, w[2], w[3])

  # The next three add to the gradients dw of weights, in place, what the gradient of a result makes of them. Autograd would
  # work that out beside dw, and take as much memory once more. First for torch.linear of x [B, I], gradient [B, O].
  def add_linear_gradients(self: __torch__.Stdit2Kernels, x: Tensor, gradient: Tensor, weight: Tensor, bias: Tensor) -> int:
    torch.addmm_(weight, torch.t(gradient), x)
    torch.add_(bias, torch.sum(gradient, [0]))
    return torch.dim(x)

  def add_silu_mlp_gradients(self: __torch__.Stdit2Kernels, features: Tensor, gradient: Tensor, w: List[Tensor], dw: List[Tensor]) -> int:
    hidden = torch.linear(features, w[0], w[1])
    self.add_linear_gradients(torch.silu(hidden), gradient, dw[2], dw[3])
    return self.add_linear_gradients(features, torch.silu_backward(torch.mm(gradient, w[2]), hidden), dw[0], dw[1])

  # parts: the rows [B', n, D] of the gradient, one after the other.
  def add_modulation_gradients(self: __torch__.Stdit2Kernels, condition: Tensor, parts: List[Tensor], dw: List[Tensor]) -> int:
    return self.add_linear_gradients(torch.silu(condition), torch.flatten(torch.cat(parts, 0), 1), dw[0], dw[1])

  # SiLU, Linear: [B, D] -> [B, n, D].
  def modulation(self: __torch__.Stdit2Kernels, condition: Tensor, n: int, w: List[Tensor]) -> Tensor:
    return torch.view(torch.linear(torch.silu(condition), w[0], w[1]), [torch.size(condition, 0), n, -1])

  # Captions [B, L, W] -> [B, L, D]; dtype: what the blocks compute in.
  def caption_mlp(self: __torch__.Stdit2Kernels, y: Tensor, dtype: int, w: List[Tensor]) -> Tensor:
    hidden = torch.gelu(self.project(torch.to(y, dtype), w[0], w[1]), approximate="tanh")
    return self.project(hidden, w[2], w[3])

  # Latent [B, C, T, H, W] padded to whole patches (pt, ph, pw) -> tokens [B, T', S, D]. The convolution whose
  # stride is its kernel is a linear map of each patch.
  def patch_embed(self: __torch__.Stdit2Kernels, x: Tensor, position: Tensor, patch: List[int], dtype: int, w: List[Tensor]) -> Tensor:
    pt = patch[0]
    ph = patch[1]
    pw = patch[2]
    pad_t = (pt - torch.size(x, 2) % pt) % pt
    pad_h = (ph - torch.size(x, 3) % ph) % ph
    pad_w = (pw - torch.size(x, 4) % pw) % pw
    x0 = torch.constant_pad_nd(x, [0, pad_w, 0, pad_h, 0, pad_t])
    b = torch.size(x0, 0)
    c = torch.size(x0, 1)
    t = torch.size(x0, 2) // pt
    rows = torch.size(x0, 3) // ph
    columns = torch.size(x0, 4) // pw
    patches = torch.permute(torch.view(x0, [b, c, t, pt, rows, ph, columns, pw]), [0, 2, 4, 6, 1, 3, 5, 7])
    flat = torch.reshape(patches, [b, t, rows * columns, c * pt * ph * pw])
    tokens = torch.linear(flat, torch.flatten(w[0], 1), w[1])
    return torch.to(torch.add(tokens, position), dtype)

  # Modulation [B, n, D] + table [n, D] -> n vectors [B, 1, 1, D].
  def modulation_rows(self: __torch__.Stdit2Kernels, m: Tensor, table: Tensor) -> List[Tensor]:
    rows = torch.add(m, table)
    return torch.unbind(torch.unsqueeze(torch.unsqueeze(rows, 2), 2), 1)

  # The same for a clip in which some frames are given: noised frames [B, T, 1, 1] take m, the others m0.
  # -> n vectors [B, T, 1, D].
  def modulation_rows_by_frame(self: __torch__.Stdit2Kernels, m: Tensor, m0: Tensor, table: Tensor, noised: Tensor) -> List[Tensor]:
    rows = torch.unsqueeze(torch.unsqueeze(torch.add(m, table), 2), 2)
    rows0 = torch.unsqueeze(torch.unsqueeze(torch.add(m0, table), 2), 2)
    chosen = torch.where(torch.ne(torch.unsqueeze(noised, 1), 0), rows, rows0)
    return torch.unbind(chosen, 1)

  # Attention among the S tokens of each frame. w: qkv weight, bias, proj weight, bias [, q norm, k norm].
  def spatial_attention(self: __torch__.Stdit2Kernels, x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, heads: int, w: List[Tensor]) -> Tensor:
    b = torch.size(x, 0)
    t = torch.size(x, 1)
    s = torch.size(x, 2)
    d = torch.size(x, 3)
    h = self.modulate(x, shift, scale)
    qkv = torch.unbind(torch.view(self.project(h, w[0], w[1]), [b * t, s, 3, heads, d // heads]), 2)
    q = qkv[0]
    k = qkv[1]
    if torch.gt(torch.len(w), 4):
      q = torch.to(self.head_norm(q, w[4]), h)
      k = torch.to(self.head_norm(k, w[5]), h)
    o = torch.scaled_dot_product_attention(torch.transpose(q, 1, 2), torch.transpose(k, 1, 2), torch.transpose(qkv[2], 1, 2))
    out = self.project(torch.reshape(torch.transpose(o, 1, 2), [b, t, s, d]), w[2], w[3])
    return self.gated(x, gate, out)

  # Attention among the T frames at each position, with rotary embedding before the norm of q and k.
  # angles: [T, hd/2]; w as for spatial attention. A picture's only frame attends to itself alone: what comes out is its
  # value, and queries and keys need not be computed.
  def temporal_attention(self: __torch__.Stdit2Kernels, x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, angles: Tensor, heads: int, w: List[Tensor]) -> Tensor:
    b = torch.size(x, 0)
    t = torch.size(x, 1)
    s = torch.size(x, 2)
    d = torch.size(x, 3)
    hd = d // heads
    h = self.modulate(x, shift, scale)
    if torch.eq(t, 1):
      frames = self.project(h, torch.narrow(w[0], 0, 2 * d, d), torch.narrow(w[1], 0, 2 * d, d))
    else:
      qkv = torch.unbind(torch.view(self.project(h, w[0], w[1]), [b, t, s, 3, heads, hd]), 3)
      turn = torch.view(torch.polar(torch.ones_like(angles), angles), [t, 1, 1, hd // 2])
      q = self.rotate(qkv[0], turn)
      k = self.rotate(qkv[1], turn)
      if torch.gt(torch.len(w), 4):
        q = self.head_norm(q, w[4])
        k = self.head_norm(k, w[5])
      order = [0, 2, 3, 1, 4]
      q4 = torch.reshape(torch.permute(torch.to(q, h), order), [b * s, heads, t, hd])
      k4 = torch.reshape(torch.permute(torch.to(k, h), order), [b * s, heads, t, hd])
      v4 = torch.reshape(torch.permute(qkv[2], order), [b * s, heads, t, hd])
      o = torch.scaled_dot_product_attention(q4, k4, v4)
      frames = torch.permute(torch.view(o, [b, s, heads, t, hd]), [0, 3, 1, 2, 4])
    out = self.project(torch.reshape(frames, [b, t, s, d]), w[2], w[3])
    return self.gated(x, gate, out)

  # Attention of all tokens of a clip to its own caption. text: [B, L, D]; bias: [B, 1, 1, L], 0 for a kept
  # token and a large negative number for padding. w: q weight, bias, kv weight, bias, proj weight, bias.
  def cross_attention(self: __torch__.Stdit2Kernels, x: Tensor, text: Tensor, bias: Tensor, heads: int, w: List[Tensor]) -> Tensor:
    b = torch.size(x, 0)
    n = torch.size(x, 1) * torch.size(x, 2)
    d = torch.size(x, 3)
    hd = d // heads
    q = torch.transpose(torch.view(self.project(x, w[0], w[1]), [b, n, heads, hd]), 1, 2)
    kv = torch.unbind(torch.view(self.project(text, w[2], w[3]), [b, -1, 2, heads, hd]), 2)
    o = torch.scaled_dot_product_attention(q, torch.transpose(kv[0], 1, 2), torch.transpose(kv[1], 1, 2), torch.to(bias, x))
    out = self.project(torch.reshape(torch.transpose(o, 1, 2), torch.size(x)), w[4], w[5])
    return torch.add(x, out)

  # w: fc1 weight, bias, fc2 weight, bias.
  def gated_mlp(self: __torch__.Stdit2Kernels, x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, w: List[Tensor]) -> Tensor:
    hidden = torch.gelu(self.project(self.modulate(x, shift, scale), w[0], w[1]), approximate="tanh")
    return self.gated(x, gate, self.project(hidden, w[2], w[3]))

  # table: [2, D]; t: [B, D] -> [B, T, S, D].
  def final_modulation(self: __torch__.Stdit2Kernels, x: Tensor, t: Tensor, table: Tensor) -> Tensor:
    rows = self.modulation_rows(torch.unsqueeze(t, 1), table)
    return self.modulate(torch.to(x, 6), rows[0], rows[1])

  # Frames that are given are normalised and modulated a second time, on top of the first.
  def final_modulation_by_frame(self: __torch__.Stdit2Kernels, x: Tensor, t: Tensor, t0: Tensor, table: Tensor, noised: Tensor) -> Tensor:
    once = self.final_modulation(x, t, table)
    twice = self.final_modulation(once, t0, table)
    return torch.where(torch.ne(noised, 0), once, twice)

  # Tokens [B, T', S, D] -> [B, C, T, H, W], cut to the given size; grid: T', rows, columns, size: T, H, W.
  def unpatchify(self: __torch__.Stdit2Kernels, x: Tensor, grid: List[int], patch: List[int], size: List[int], w: List[Tensor]) -> Tensor:
    tokens = torch.linear(x, w[0], w[1])
    b = torch.size(x, 0)
    parts = torch.view(tokens, [b, grid[0], grid[1], grid[2], patch[0], patch[1], patch[2], -1])
    full = torch.reshape(torch.permute(parts, [0, 7, 1, 4, 2, 5, 3, 6]), [b, -1, grid[0] * patch[0], grid[1] * patch[1], grid[2] * patch[2]])
    cut = torch.narrow(torch.narrow(torch.narrow(full, 2, 0, size[0]), 3, 0, size[1]), 4, 0, size[2])
    return torch.to(torch.contiguous(cut), 6)
