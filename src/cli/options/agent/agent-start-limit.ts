/** Of a new agent, unless --timeout says otherwise. In a file of its own: tests with an emulated node replace the file. */
export const agentStartLimit = '60s';
