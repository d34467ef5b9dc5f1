/** Arguments for Node of a process that is to end when we do, even killed. It is started with a channel to us (`ipc`). */
export const ENDING_WITH_PARENT = ['--require', require.resolve('@atlas/platform/end-with-parent')] as const;
