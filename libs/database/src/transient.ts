/** An error that marks itself as transient: the same work can succeed later. */
interface MarkedTransient {
  readonly isTransient?: boolean;
}

// Connection, rollback (deadlock, serialisation), resources, lock not available, operator intervention (cancelled,
// shut down), input and output; 25P03 is the idle transaction that the server ends, 25006 a server that only reads.
const SQLSTATE = /^(?:(?:08|40|53|55|57|58)[0-9A-Z]{3}|25P03|25006)$/;
// Codes of Node, undici and opossum: network failures, no file descriptors left, an open circuit breaker.
const NETWORK = new Set(
  `EAI_AGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH EMFILE ENETDOWN ENETRESET
   ENETUNREACH ENFILE ENOTFOUND EPIPE ETIMEDOUT EOPENBREAKER UND_ERR_ABORTED UND_ERR_BODY_TIMEOUT
   UND_ERR_CLOSED UND_ERR_CONNECT_TIMEOUT UND_ERR_DESTROYED UND_ERR_HEADERS_TIMEOUT UND_ERR_SOCKET`.split(
    /\s+/,
  ),
);
// Errors of node-postgres and its pool without a code.
const CLIENT =
  /^(?:Query read timeout|timeout expired$|timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Driver not Connected)/;
const NAMES = new Set(['TimeoutError', 'AbortError']);
const DEPTH_MAX = 10;

/**
 * Returns whether an error is transient: the database, the network or a lock failed, not the input. Retry the same work
 * after a pause. Looks through `cause`, TypeORM's `driverError` and the parts of an AggregateError.
 */
export function isTransient(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > DEPTH_MAX) return false;
  const {
    code,
    name,
    message,
    cause,
    driverError,
    errors,
    isTransient: isMarked,
  } = error as MarkedTransient & {
    code?: unknown;
    name?: unknown;
    message?: unknown;
    cause?: unknown;
    driverError?: unknown;
    errors?: unknown;
  };
  if (isMarked === true || NAMES.has(String(name)) || CLIENT.test(String(message))) return true;
  if (typeof code === 'string' && (SQLSTATE.test(code) || NETWORK.has(code))) return true;
  const inner = [cause, driverError, ...(Array.isArray(errors) ? errors : [])];
  return inner.some((each) => isTransient(each, depth + 1));
}
