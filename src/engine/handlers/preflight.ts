import { messageOf } from '../../core/errors.ts';
import type { PreflightCheck } from '../../core/input.ts';
import { labelOf } from '../../core/release.ts';
import { asJson } from '../tasks.ts';
import { secretVersions } from '../secrets.ts';
import type { EffectHandler, Scope } from './scope.ts';
import type { JsonObject } from '../../core/json.ts';

/** Below this a build or an instance's log would soon fill the disk. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;

type Detail = string | { readonly notApplicable: string };

/** What can be known to be in the way before anything is begun. Every check is made, so that all problems show at once. */
export const preflight: EffectHandler<'preflight'> = async (_effect, scope) => {
  const results = await Promise.all(
    Object.entries(CHECKS).map(([name, check]) => made(name, () => check(scope))),
  );
  const failed = results.filter((check) => check.result === 'fail');
  if (failed.length === 0) return { ok: true, checks: results };
  const reason = failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
  return { ok: false, reason, evidence: asJson({ checks: results }) as JsonObject };
};

async function made(name: string, check: () => Promise<Detail>): Promise<PreflightCheck> {
  try {
    const detail = await check();
    if (typeof detail === 'string') return { name, result: 'pass', detail };
    return { name, result: 'not_applicable', detail: detail.notApplicable };
  } catch (error) {
    return { name, result: 'fail', detail: messageOf(error) };
  }
}

const CHECKS: Readonly<Record<string, (scope: Scope) => Promise<Detail>>> = {
  async source({ world, lane, deployment }) {
    const source = await world.applications.source(lane.application);
    const { commit, ref } = deployment.request;
    const { version, subject } = await source.resolve(commit === '' ? (ref ?? '') : commit);
    return `${version}: ${subject}`;
  },

  async target({ world, lane, deployment }) {
    const target = await world.target(deployment.plan.runtime.target.type);
    const instances = await target.observe(lane);
    return `${instances.filter((instance) => instance.alive).length} instances run`;
  },

  async traffic({ world, lane, deployment }) {
    const traffic = await world.traffic(deployment.plan.runtime.traffic.type);
    const route = await traffic.observe(`${lane.application}/${lane.environment}`);
    return route === undefined ? 'answers; the route is new' : 'answers; the route is there';
  },

  async secrets({ world, deployment }) {
    const ids = secretVersions(world.secrets, deployment.plan.runtime);
    return `${Object.keys(ids).length} in use, all set`;
  },

  async disk({ world }) {
    const free = await world.freeDisk();
    const megabytes = `${Math.floor(free / 1024 / 1024)} MB free`;
    if (free < LEAST_FREE_BYTES) throw new Error(`${megabytes}, at least 256 MB are needed`);
    return megabytes;
  },

  /** Nothing is deployed that could not be taken back. */
  async way_back({ world, lane }) {
    const { serving } = (await world.store.loadLane(lane)).lane.environment;
    if (serving === null) return { notApplicable: 'the first release has nothing to return to' };
    const source = await world.applications.source(lane.application);
    await source.artifact(serving.release.artifact);
    return `${labelOf(serving)} is kept`;
  },
};
