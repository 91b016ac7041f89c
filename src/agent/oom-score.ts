import { writeFile } from 'node:fs/promises';

/** Below all but what must never be killed: https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html */
const agentScore = '-900';

/**
 * Has the kernel kill the agent last when the node or the pod has no memory left: with it, all sessions would end. Each
 * session raises its own score again (enter-target.sh). Never throws: an agent without the capability goes on.
 */
export async function protectAgent(): Promise<void> {
  await writeFile('/proc/self/oom_score_adj', agentScore).catch((error: Error) =>
    console.error(`memory: the agent is not protected: ${error.message}`),
  );
}
