/** How long the ends of a connection wait. Tests with an emulated node replace this file: limits are longer there. */
export const livenessLimits = {
  /** Silence after which an end asks for a sign of life; below the 60 s after which load balancers cut connections. */
  pingAfterMs: 5000,
  /** Silence after which an end takes the connection for lost. Any byte is a sign of life. */
  deadAfterMs: 15_000,
  /** Until the agent answers a request. */
  answerMs: 30_000,
};
