import type { RawRequest, Received, Trigger } from '../../ports/trigger.ts';
import { mediaType, readJson, refuse, textOf } from '../body.ts';
import { authentic } from '../github-delivery.ts';
import { protectionPayload, type GithubProtectionSettings, type ProtectionPayload } from './schema.ts';

/** It holds the deployment, its workflow and pull requests; GitHub caps payloads at 25 MB. */
const MAX_BODY_BYTES = 1_000_000;

/** Questions of GitHub's custom deployment protection rules: may this commit go to that environment? */
export function githubProtectionTrigger({ secrets }: GithubProtectionSettings): Trigger {
  return {
    maxBodyBytes: MAX_BODY_BYTES,
    receive: (request) => Promise.resolve(receive(request, secrets)),
  };
}

function receive(request: RawRequest, secrets: readonly string[]): Received {
  const { headers, body } = request;
  const delivery = authentic(request, secrets, MAX_BODY_BYTES);
  if (!delivery.ok) return delivery;
  const { id: deliveryId, kind } = delivery.value;
  if (kind !== 'deployment_protection_rule')
    return { ok: true, deliveryId, event: null, why: `${kind} events ask nothing` };
  if (mediaType(headers) !== 'application/json')
    return refuse(415, 'content-type', 'must be application/json');
  const read = readJson(textOf(body), protectionPayload);
  if (!read.ok) return read;
  const run = runOf(read.value);
  if (run === undefined)
    return refuse(400, 'deployment_callback_url', 'must end with the path of a run of this repository');
  return questionOf(read.value, run, deliveryId, request);
}

/** The number of the workflow run, which the event tells only by the address to answer to. */
function runOf({ deployment_callback_url: url, repository }: ProtectionPayload): number | undefined {
  const [, name, run] =
    /\/repos\/([^/]+\/[^/]+)\/actions\/runs\/(\d{1,15})\/deployment_protection_rule$/.exec(url) ?? [];
  return name === repository.full_name ? Number(run) : undefined;
}

function questionOf(
  { environment, deployment, repository, sender, installation }: ProtectionPayload,
  run: number,
  deliveryId: string,
  { receivedAt, ipAddress, headers }: RawRequest,
): Received {
  const event = {
    id: deliveryId,
    type: 'webhook' as const,
    source: 'webhook' as const,
    actor: sender?.login ?? 'github',
    timestamp: receivedAt,
    gitRef: null,
    commitSha: deployment.sha,
    version: null,
    metadata: { repository: repository.full_name, environment },
    ipAddress,
    userAgent: headers['user-agent'] ?? null,
    review: {
      repository: repository.full_name,
      run,
      environment,
      commit: deployment.sha,
      installation: installation?.id ?? null,
    },
  };
  return { ok: true, deliveryId, event, why: `may ${repository.full_name} go to ${environment}?` };
}
