/** Why an attempt brought no whole answer. */
export interface Failure {
  /** Whose doing it is: a request that cannot be passed on says nothing about the instance. */
  readonly by: 'client' | 'instance';
  /** The connection was refused or lost before the first byte of an answer, so that another instance may be asked. */
  readonly unanswered: boolean;
  readonly status: 400 | 502 | 503 | 504;
  readonly message: string;
}

const NOT_PASSED_ON = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);
const LOST = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/**
 * @param sent whether the request was written to a connection
 * @param begun whether any byte of an answer came
 */
export function failureOf(error: Error, sent: boolean, begun: boolean): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (NOT_PASSED_ON.has(code)) {
    return { by: 'client', unanswered: false, status: 400, message: 'The request cannot be passed on.' };
  }
  if (!sent) {
    return { by: 'instance', unanswered: true, status: 503, message: 'No instance could be reached.' };
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return {
      by: 'instance',
      unanswered: false,
      status: 504,
      message: 'The instance did not answer in time.',
    };
  }
  const unanswered = !begun && LOST.has(code);
  return { by: 'instance', unanswered, status: 502, message: 'The instance gave no valid answer.' };
}
