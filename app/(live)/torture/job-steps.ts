/** How far each of the two jobs counts. */
export const jobSteps = 300
