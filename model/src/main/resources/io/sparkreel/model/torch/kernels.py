# SPDX-License-Identifier: Apache-2.0
#
# The leaf mathematics of Sparkreel, as TorchScript: every operator of libtorch with autograd, at one native
# call for a whole sub-layer. The classes of io.sparkreel.model decide what is called, in which order and on
# which parameters. Dialect: every argument is annotated, operators are called as torch.name(...).
#
# Precision: parameters are fp32. A block computes in the type of its tokens, fp32 or bf16, to which it casts the
# weights of linear maps as part of the graph, so that their gradients come back in fp32. Norms, rotation, modulation
# and everything outside the blocks are fp32 in any case. In fp32 a cast costs nothing: it returns its argument.
#
# B batch, T latent frames, S tokens of one frame, D hidden size, L text tokens, h heads.
class Kernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # ---------------------------------------------------------------- memory

  def self_test(self: __torch__.Kernels, shape: List[int]) -> Tensor:
    count = torch.prod(torch.tensor(shape)).item()
    return torch.to(torch.view(torch.arange(annotate(int, count)), shape), 6)

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

  # ---------------------------------------------------------------- embedders

  # Linear, SiLU, Linear on features [B, F]; weights: first weight, bias, second weight, bias.
  def silu_mlp(self: __torch__.Kernels, features: Tensor, w: List[Tensor]) -> Tensor:
    hidden = torch.silu(torch.linear(features, w[0], w[1]))
    return torch.linear(hidden, w[2], w[3])

  # The next three add to the gradients dw of weights, in place, what the gradient of a result makes of them. Autograd would
  # work that out beside dw, and take as much memory once more. First for torch.linear of x [B, I], gradient [B, O].
  def add_linear_gradients(self: __torch__.Kernels, x: Tensor, gradient: Tensor, weight: Tensor, bias: Tensor) -> int:
    torch.addmm_(weight, torch.t(gradient), x)
    torch.add_(bias, torch.sum(gradient, [0]))
    return torch.dim(x)

  def add_silu_mlp_gradients(self: __torch__.Kernels, features: Tensor, gradient: Tensor, w: List[Tensor], dw: List[Tensor]) -> int:
    hidden = torch.linear(features, w[0], w[1])
    self.add_linear_gradients(torch.silu(hidden), gradient, dw[2], dw[3])
    return self.add_linear_gradients(features, torch.silu_backward(torch.mm(gradient, w[2]), hidden), dw[0], dw[1])

  # parts: the rows [B', n, D] of the gradient, one after the other.
  def add_modulation_gradients(self: __torch__.Kernels, condition: Tensor, parts: List[Tensor], dw: List[Tensor]) -> int:
    return self.add_linear_gradients(torch.silu(condition), torch.flatten(torch.cat(parts, 0), 1), dw[0], dw[1])

  # SiLU, Linear: [B, D] -> [B, n, D].
  def modulation(self: __torch__.Kernels, condition: Tensor, n: int, w: List[Tensor]) -> Tensor:
    return torch.view(torch.linear(torch.silu(condition), w[0], w[1]), [torch.size(condition, 0), n, -1])

  # A linear map in the type of x.
  def project(self: __torch__.Kernels, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.linear(x, torch.to(weight, x), torch.to(bias, x))

  # Captions [B, L, W] -> [B, L, D]; dtype: what the blocks compute in.
  def caption_mlp(self: __torch__.Kernels, y: Tensor, dtype: int, w: List[Tensor]) -> Tensor:
    hidden = torch.gelu(self.project(torch.to(y, dtype), w[0], w[1]), approximate="tanh")
    return self.project(hidden, w[2], w[3])

  # Latent [B, C, T, H, W] padded to whole patches (pt, ph, pw) -> tokens [B, T', S, D]. The convolution whose
  # stride is its kernel is a linear map of each patch.
  def patch_embed(self: __torch__.Kernels, x: Tensor, position: Tensor, patch: List[int], dtype: int, w: List[Tensor]) -> Tensor:
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

  # ---------------------------------------------------------------- block

  # Modulation [B, n, D] + table [n, D] -> n vectors [B, 1, 1, D].
  def modulation_rows(self: __torch__.Kernels, m: Tensor, table: Tensor) -> List[Tensor]:
    rows = torch.add(m, table)
    return torch.unbind(torch.unsqueeze(torch.unsqueeze(rows, 2), 2), 1)

  # The same for a clip in which some frames are given: noised frames [B, T, 1, 1] take m, the others m0.
  # -> n vectors [B, T, 1, D].
  def modulation_rows_by_frame(self: __torch__.Kernels, m: Tensor, m0: Tensor, table: Tensor, noised: Tensor) -> List[Tensor]:
    rows = torch.unsqueeze(torch.unsqueeze(torch.add(m, table), 2), 2)
    rows0 = torch.unsqueeze(torch.unsqueeze(torch.add(m0, table), 2), 2)
    chosen = torch.where(torch.ne(torch.unsqueeze(noised, 1), 0), rows, rows0)
    return torch.unbind(chosen, 1)

  def modulate(self: __torch__.Kernels, x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    normed = torch.layer_norm(torch.to(x, 6), [torch.size(x, -1)], None, None, 1e-6)
    return torch.to(torch.addcmul(shift, normed, torch.add(scale, 1)), x)

  # -> fp32
  def head_norm(self: __torch__.Kernels, x: Tensor, weight: Tensor) -> Tensor:
    return torch.rms_norm(torch.to(x, 6), [torch.size(x, -1)], weight, 1e-6)

  def gated(self: __torch__.Kernels, x: Tensor, gate: Tensor, change: Tensor) -> Tensor:
    return torch.to(torch.addcmul(x, gate, change), x)

  # Attention among the S tokens of each frame. w: qkv weight, bias, proj weight, bias [, q norm, k norm].
  def spatial_attention(self: __torch__.Kernels, x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, heads: int, w: List[Tensor]) -> Tensor:
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

  # Rotates interleaved pairs of the last dimension; turn: complex [T, 1, 1, hd/2], x: [B, T, S, h, hd] -> fp32.
  def rotate(self: __torch__.Kernels, x: Tensor, turn: Tensor) -> Tensor:
    shape = torch.size(x)
    pairs = torch.view_as_complex(torch.reshape(torch.to(x, 6), [shape[0], shape[1], shape[2], shape[3], -1, 2]))
    return torch.flatten(torch.view_as_real(torch.mul(pairs, turn)), -2)

  # Attention among the T frames at each position, with rotary embedding before the norm of q and k.
  # angles: [T, hd/2]; w as for spatial attention. A picture's only frame attends to itself alone: what comes out is its
  # value, and queries and keys need not be computed.
  def temporal_attention(self: __torch__.Kernels, x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, angles: Tensor, heads: int, w: List[Tensor]) -> Tensor:
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
  def cross_attention(self: __torch__.Kernels, x: Tensor, text: Tensor, bias: Tensor, heads: int, w: List[Tensor]) -> Tensor:
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
  def gated_mlp(self: __torch__.Kernels, x: Tensor, shift: Tensor, scale: Tensor, gate: Tensor, w: List[Tensor]) -> Tensor:
    hidden = torch.gelu(self.project(self.modulate(x, shift, scale), w[0], w[1]), approximate="tanh")
    return self.gated(x, gate, self.project(hidden, w[2], w[3]))

  # ---------------------------------------------------------------- final layer

  # table: [2, D]; t: [B, D] -> [B, T, S, D].
  def final_modulation(self: __torch__.Kernels, x: Tensor, t: Tensor, table: Tensor) -> Tensor:
    rows = self.modulation_rows(torch.unsqueeze(t, 1), table)
    return self.modulate(torch.to(x, 6), rows[0], rows[1])

  # Frames that are given are normalised and modulated a second time, on top of the first.
  def final_modulation_by_frame(self: __torch__.Kernels, x: Tensor, t: Tensor, t0: Tensor, table: Tensor, noised: Tensor) -> Tensor:
    once = self.final_modulation(x, t, table)
    twice = self.final_modulation(once, t0, table)
    return torch.where(torch.ne(noised, 0), once, twice)

  # Tokens [B, T', S, D] -> [B, C, T, H, W], cut to the given size; grid: T', rows, columns, size: T, H, W.
  def unpatchify(self: __torch__.Kernels, x: Tensor, grid: List[int], patch: List[int], size: List[int], w: List[Tensor]) -> Tensor:
    tokens = torch.linear(x, w[0], w[1])
    b = torch.size(x, 0)
    parts = torch.view(tokens, [b, grid[0], grid[1], grid[2], patch[0], patch[1], patch[2], -1])
    full = torch.reshape(torch.permute(parts, [0, 7, 1, 4, 2, 5, 3, 6]), [b, -1, grid[0] * patch[0], grid[1] * patch[1], grid[2] * patch[2]])
    cut = torch.narrow(torch.narrow(torch.narrow(full, 2, 0, size[0]), 3, 0, size[1]), 4, 0, size[2])
    return torch.to(torch.contiguous(cut), 6)

  # ---------------------------------------------------------------- diffusion

  # signal and sigma: [B, 1, T, 1, 1].
  def noised(self: __torch__.Kernels, x0: Tensor, noise: Tensor, signal: Tensor, sigma: Tensor) -> Tensor:
    return torch.addcmul(torch.mul(x0, signal), noise, sigma)

  # Mean over channels, rows and columns of each frame, weighted by frame: [B, C, T, H, W], [B, T] -> [B].
  def frame_mean(self: __torch__.Kernels, x: Tensor, weight: Tensor) -> Tensor:
    return torch.sum(torch.mul(torch.mean(x, [1, 3, 4]), weight), [1])

  # Per sample squared error [B] of the prediction, the first half of out.
  def squared_error(self: __torch__.Kernels, out: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    half = torch.narrow(out, 1, 0, torch.size(target, 1))
    return self.frame_mean(torch.pow(torch.sub(target, half), 2), weight)

  # Log probability of x under N(mean, exp(2 log_scale)) discretised to 256 bins of [-1, 1].
  def normal_cdf(self: __torch__.Kernels, x: Tensor) -> Tensor:
    inner = torch.mul(torch.add(x, torch.mul(torch.pow(x, 3), 0.044715)), 0.7978845608028654)
    return torch.mul(torch.add(torch.tanh(inner), 1), 0.5)

  def discretised_log_likelihood(self: __torch__.Kernels, x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    centred = torch.sub(x, mean)
    inverse = torch.exp(torch.neg(log_scale))
    upper = self.normal_cdf(torch.mul(inverse, torch.add(centred, 0.00392156862745098)))
    lower = self.normal_cdf(torch.mul(inverse, torch.sub(centred, 0.00392156862745098)))
    log_upper = torch.log(torch.clamp(upper, 1e-12))
    log_one_minus_lower = torch.log(torch.clamp(torch.rsub(lower, 1), 1e-12))
    log_between = torch.log(torch.clamp(torch.sub(upper, lower), 1e-12))
    return torch.where(torch.lt(x, -0.999), log_upper, torch.where(torch.gt(x, 0.999), log_one_minus_lower, log_between))

  # Log variance interpolated between the bounds of the posterior, from the second half of out.
  def log_variance(self: __torch__.Kernels, raw: Tensor, min_log: Tensor, max_log: Tensor) -> Tensor:
    fraction = torch.mul(torch.add(raw, 1), 0.5)
    return torch.add(torch.mul(fraction, max_log), torch.mul(torch.rsub(fraction, 1), min_log))

  # Per sample variational bound term [B] in bits; the prediction counts as a constant. c: seven coefficients
  # [B, 1, 1, 1, 1] of each sample's timestep, in the order of NoiseSchedule.Coefficient; at_zero: [B, 1, 1, 1, 1].
  def variational_bound(self: __torch__.Kernels, out: Tensor, x0: Tensor, xt: Tensor, c: List[Tensor], at_zero: Tensor, any_zero: bool, predict_xstart: bool, weight: Tensor) -> Tensor:
    channels = torch.size(x0, 1)
    prediction = torch.detach(torch.narrow(out, 1, 0, channels))
    if predict_xstart:
      start = prediction
    else:
      start = torch.sub(torch.mul(c[0], xt), torch.mul(c[1], prediction))
    mean = torch.add(torch.mul(c[2], start), torch.mul(c[3], xt))
    true_mean = torch.add(torch.mul(c[2], x0), torch.mul(c[3], xt))
    log_var = self.log_variance(torch.narrow(out, 1, channels, channels), c[4], c[5])
    true_log_var = c[4]
    difference = torch.sub(log_var, true_log_var)
    bound = torch.mul(torch.add(torch.add(torch.sub(difference, 1), torch.exp(torch.neg(difference))), torch.mul(torch.pow(torch.sub(true_mean, mean), 2), torch.exp(torch.neg(log_var)))), 0.5)
    if any_zero:
      nll = torch.neg(self.discretised_log_likelihood(x0, mean, torch.mul(log_var, 0.5)))
      bound = torch.where(torch.ne(at_zero, 0), nll, bound)
    return torch.div(self.frame_mean(bound, weight), 0.6931471805599453)

  # One ancestral step on [B, C, T, H, W]; c: seven numbers of this timestep, noise_on: 0 at the last step.
  def ancestral_step(self: __torch__.Kernels, out: Tensor, xt: Tensor, noise: Tensor, c: List[float], noise_on: float, predict_xstart: bool) -> Tensor:
    channels = torch.size(xt, 1)
    prediction = torch.narrow(out, 1, 0, channels)
    if predict_xstart:
      start = prediction
    else:
      start = torch.sub(torch.mul(xt, c[0]), torch.mul(prediction, c[1]))
    mean = torch.add(torch.mul(start, c[2]), torch.mul(xt, c[3]))
    fraction = torch.mul(torch.add(torch.narrow(out, 1, channels, channels), 1), 0.5)
    log_var = torch.add(torch.mul(fraction, c[5]), torch.mul(torch.rsub(fraction, 1), c[4]))
    return torch.addcmul(mean, torch.exp(torch.mul(log_var, 0.5)), noise, value=noise_on)

  # The clean latent in the model's output [B, 2C, ...]; c: inverse signal and sigma of the step first.
  def predicted_start(self: __torch__.Kernels, out: Tensor, xt: Tensor, c: List[float], predict_xstart: bool) -> Tensor:
    prediction = torch.narrow(out, 1, 0, torch.size(xt, 1))
    if predict_xstart:
      start = torch.contiguous(prediction)
    else:
      start = torch.sub(torch.mul(xt, c[0]), torch.mul(prediction, c[1]))
    return start

  # c: then signal and sigma of the next step.
  def ddim_step(self: __torch__.Kernels, out: Tensor, xt: Tensor, c: List[float], predict_xstart: bool) -> Tensor:
    start = self.predicted_start(out, xt, c, predict_xstart)
    noise = torch.div(torch.sub(torch.mul(xt, c[0]), start), c[1])
    return torch.add(torch.mul(start, c[2]), torch.mul(noise, c[3]))

  # c: then the weights of xt, of the clean latent and of its change since the step before, which frames that
  # have begun [n, 1, T, 1, 1] do without. before and begun: one or none. -> next latent, clean latent.
  def dpm_solver_step(self: __torch__.Kernels, out: Tensor, xt: Tensor, before: List[Tensor], begun: List[Tensor], c: List[float], predict_xstart: bool) -> List[Tensor]:
    start = self.predicted_start(out, xt, c, predict_xstart)
    direction = start
    if torch.gt(torch.len(before), 0):
      change = torch.sub(start, before[0])
      if torch.gt(torch.len(begun), 0):
        change = torch.masked_fill(change, torch.ne(begun[0], 0), 0)
      direction = torch.add(start, change, alpha=c[4])
    return [torch.add(torch.mul(xt, c[2]), torch.mul(direction, c[3])), start]

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

  # ---------------------------------------------------------------- optimizer, on flat fp32 ranges

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
