/** The version of both command lines, and of what they run, which is built with them. */
export const VERSION = '0.1.0';
