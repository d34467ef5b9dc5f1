/** The heading under which the help lists the commands for a tenant's data. */
export const GROUP = "A tenant's data";
