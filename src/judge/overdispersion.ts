/** Requests and errors of each baseline instance in one block of time. */
export interface InstanceBlock {
  readonly requests: readonly number[];
  readonly errors: readonly number[];
}

/** What the stable version's instances did before a rollout, in blocks of one length. */
export type InstanceHistory = ReadonlyArray<{
  /** Of each block, in seconds. */
  readonly length: 1 | 10 | 60;
  readonly blocks: readonly InstanceBlock[];
}>;

/** phi0 and e0: before there is data, errors count as independent, with the weight of 50 errors. */
const PRIOR_PHI = 1;
const PRIOR_ERRORS = 50;
/** An estimate up to here is taken for chance. */
const NEGLIGIBLE = 1.2;
/** Above it the estimate is taken with a margin. */
const MARGIN = 1.5;

/**
 * How much more the errors of equal instances differ than independent errors would.
 *
 *     phi_hat = max(1, [phi0 e0 + sum_t sum_j (x_j - E_t w_j)^2 / w_j / (J - 1)] / [e0 + sum_t E_t]),  w_j = n_j / N
 *
 * Instances without a request are left out of a block, and blocks with fewer than two instances say nothing.
 */
export function estimatePhi(blocks: readonly InstanceBlock[]): number {
  let spread = PRIOR_PHI * PRIOR_ERRORS;
  let errors = PRIOR_ERRORS;
  for (const block of blocks) {
    const instances = block.requests.flatMap((requests, j) =>
      requests > 0 ? [{ requests, errors: block.errors[j] ?? 0 }] : [],
    );
    if (instances.length < 2) continue;
    const requests = instances.reduce((sum, instance) => sum + instance.requests, 0);
    const failed = instances.reduce((sum, instance) => sum + instance.errors, 0);
    for (const instance of instances) {
      const share = instance.requests / requests;
      spread += (instance.errors - failed * share) ** 2 / share / (instances.length - 1);
    }
    errors += failed;
  }
  return Math.max(1, spread / errors);
}

/** The factor that evidence is divided by, from estimates over several block lengths. */
export function temperingOf(estimates: readonly number[]): number {
  const largest = Math.max(1, ...estimates);
  return largest <= NEGLIGIBLE ? 1 : MARGIN * largest;
}
