/**
 * Node arguments for a child that must end when we do, even
 * if we are killed. It needs an `ipc` channel to us.
 */
export const ENDING_WITH_PARENT = ['--require', require.resolve('@atlas/platform/end-with-parent')] as const;
