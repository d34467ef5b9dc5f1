/**
 * Node arguments for a child that must exit with this process, even if this process is killed. The child
 * needs an `ipc` channel to this process.
 */
export const ENDING_WITH_PARENT = ['--require', require.resolve('@atlas/platform/end-with-parent')] as const;
