/** The version of both command-line programs and of the planes that they run, all built together. */
export const VERSION = '0.1.0';
