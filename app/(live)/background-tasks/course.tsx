/** What a run has been through, as its task has written it down: true whatever happened since. */
export interface Course {
  /** Counts from 1: a run that goes on after the end of its process is the next. */
  readonly attempt: number
  /** The id of the process that ran it last. */
  readonly process: number
}

export function CourseOf({ course }: { course: Course | null }) {
  if (!course) return null
  const { attempt, process } = course
  const survived =
    attempt > 1 ? `survived ${attempt - 1} ${attempt === 2 ? 'restart' : 'restarts'} of the server · ` : ''
  return (
    <p className="aside">
      {survived}attempt {attempt} · process {process}
    </p>
  )
}
