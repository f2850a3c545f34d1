# SPDX-License-Identifier: Apache-2.0
#
# The leaf mathematics of IDDPM: noising, the terms of the loss, the steps of samplers; in the dialect of tensor.py.
#
# B batch, C latent channels, T latent frames, H and W rows and columns of a latent.
class IddpmKernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # signal and sigma: [B, 1, T, 1, 1].
  def noised(self: __torch__.IddpmKernels, x0: Tensor, noise: Tensor, signal: Tensor, sigma: Tensor) -> Tensor:
    return torch.addcmul(torch.mul(x0, signal), noise, sigma)

  # Mean over channels, rows and columns of each frame, weighted by frame: [B, C, T, H, W], [B, T] -> [B].
  def frame_mean(self: __torch__.IddpmKernels, x: Tensor, weight: Tensor) -> Tensor:
    return torch.sum(torch.mul(torch.mean(x, [1, 3, 4]), weight), [1])

  # Per sample squared error [B] of the prediction, the first half of out.
  def squared_error(self: __torch__.IddpmKernels, out: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    half = torch.narrow(out, 1, 0, torch.size(target, 1))
    return self.frame_mean(torch.pow(torch.sub(target, half), 2), weight)

  # Log probability of x under N(mean, exp(2 log_scale)) discretised to 256 bins of [-1, 1].
  def normal_cdf(self: __torch__.IddpmKernels, x: Tensor) -> Tensor:
    inner = torch.mul(torch.add(x, torch.mul(torch.pow(x, 3), 0.044715)), 0.7978845608028654)
    return torch.mul(torch.add(torch.tanh(inner), 1), 0.5)

  def discretised_log_likelihood(self: __torch__.IddpmKernels, x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    centred = torch.sub(x, mean)
    inverse = torch.exp(torch.neg(log_scale))
    upper = self.normal_cdf(torch.mul(inverse, torch.add(centred, 0.00392156862745098)))
    lower = self.normal_cdf(torch.mul(inverse, torch.sub(centred, 0.00392156862745098)))
    log_upper = torch.log(torch.clamp(upper, 1e-12))
    log_one_minus_lower = torch.log(torch.clamp(torch.rsub(lower, 1), 1e-12))
    log_between = torch.log(torch.clamp(torch.sub(upper, lower), 1e-12))
    return torch.where(torch.lt(x, -0.999), log_upper, torch.where(torch.gt(x, 0.999), log_one_minus_lower, log_between))

  # Log variance interpolated between the bounds of the posterior, from the second half of out.
  def log_variance(self: __torch__.IddpmKernels, raw: Tensor, min_log: Tensor, max_log: Tensor) -> Tensor:
    fraction = torch.mul(torch.add(raw, 1), 0.5)
    return torch.add(torch.mul(fraction, max_log), torch.mul(torch.rsub(fraction, 1), min_log))

  # Per sample variational bound term [B] in bits; the prediction counts as a constant. c: seven coefficients
  # [B, 1, 1, 1, 1] of each sample's timestep, in the order of NoiseSchedule.Coefficient; at_zero: [B, 1, 1, 1, 1].
  def variational_bound(self: __torch__.IddpmKernels, out: Tensor, x0: Tensor, xt: Tensor, c: List[Tensor], at_zero: Tensor, any_zero: bool, predict_xstart: bool, weight: Tensor) -> Tensor:
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
  def ancestral_step(self: __torch__.IddpmKernels, out: Tensor, xt: Tensor, noise: Tensor, c: List[float], noise_on: float, predict_xstart: bool) -> Tensor:
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
  def predicted_start(self: __torch__.IddpmKernels, out: Tensor, xt: Tensor, c: List[float], predict_xstart: bool) -> Tensor:
    prediction = torch.narrow(out, 1, 0, torch.size(xt, 1))
    if predict_xstart:
      start = torch.contiguous(prediction)
    else:
      start = torch.sub(torch.mul(xt, c[0]), torch.mul(prediction, c[1]))
    return start

  # c: then signal and sigma of the next step.
  def ddim_step(self: __torch__.IddpmKernels, out: Tensor, xt: Tensor, c: List[float], predict_xstart: bool) -> Tensor:
    start = self.predicted_start(out, xt, c, predict_xstart)
    noise = torch.div(torch.sub(torch.mul(xt, c[0]), start), c[1])
    return torch.add(torch.mul(start, c[2]), torch.mul(noise, c[3]))

  # c: then the weights of xt, of the clean latent and of its change since the step before, which frames that
  # have begun [n, 1, T, 1, 1] do without. before and begun: one or none. -> next latent, clean latent.
  def dpm_solver_step(self: __torch__.IddpmKernels, out: Tensor, xt: Tensor, before: List[Tensor], begun: List[Tensor], c: List[float], predict_xstart: bool) -> List[Tensor]:
    start = self.predicted_start(out, xt, c, predict_xstart)
    direction = start
    if torch.gt(torch.len(before), 0):
      change = torch.sub(start, before[0])
      if torch.gt(torch.len(begun), 0):
        change = torch.masked_fill(change, torch.ne(begun[0], 0), 0)
      direction = torch.add(start, change, alpha=c[4])
    return [torch.add(torch.mul(xt, c[2]), torch.mul(direction, c[3])), start]
