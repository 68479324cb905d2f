//! Reads the kernel's clock discipline: a safe shim around adjtimex(2).
//!
//! It exists because no safe wrapper in the tree has this call, and it is a crate of its own so that `unsafe` is
//! forbidden everywhere else. It only reads; it never sets the clock.

use std::io;
use std::mem::MaybeUninit;

/// What the kernel says about its clock, as adjtimex(2) gives it; the units are the kernel's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timex {
    /// What the call returned: 5 (`TIME_ERROR`) if the clock is not synchronized, 0 to 4 otherwise.
    pub state: i64,
    /// Offset to the reference clock: nanoseconds if [`Timex::STATUS_NANO`] is set, else microseconds.
    pub offset: i64,
    /// Frequency offset, in parts per million with 16 bits of fraction.
    pub frequency: i64,
    /// Maximum error, in microseconds.
    pub maximum_error: i64,
    /// Estimated error, in microseconds.
    pub estimated_error: i64,
    /// Status bits (`STA_*`).
    pub status: i64,
    /// Time constant of the phase-locked loop.
    pub constant: i64,
    /// Microseconds between clock ticks.
    pub tick: i64,
    /// Frequency of the pulse per second, in parts per million with 16 bits of fraction.
    pub pps_frequency: i64,
    /// Jitter of the pulse per second, in the unit of the offset.
    pub pps_jitter: i64,
    /// Duration of the calibration interval, as a power of two of seconds.
    pub pps_shift: i64,
    /// Stability of the pulse per second, in parts per million with 16 bits of fraction.
    pub pps_stability: i64,
    /// Times the jitter limit was exceeded.
    pub pps_jitter_count: i64,
    /// Calibration intervals.
    pub pps_calibrations: i64,
    /// Calibration errors.
    pub pps_errors: i64,
    /// Times the stability limit was exceeded.
    pub pps_stability_count: i64,
    /// Offset of International Atomic Time, in seconds.
    pub tai: i64,
}

impl Timex {
    /// Value of [`Timex::state`] for a clock that no reliable server keeps.
    pub const STATE_ERROR: i64 = libc::TIME_ERROR as i64;
    /// Bit of [`Timex::status`]: resolution is nanoseconds.
    pub const STATUS_NANO: i64 = libc::STA_NANO as i64;

    /// Asks the kernel.
    ///
    /// # Errors
    /// `PermissionDenied` where a seccomp filter forbids the call, as in many containers.
    pub fn read() -> io::Result<Self> {
        let mut timex = MaybeUninit::<libc::timex>::zeroed();
        #[expect(unsafe_code, reason = "the system call has no safe wrapper")]
        // SAFETY: the pointer is valid for writes of one `timex`, and every bit pattern, all zeros first of all,
        // is a valid `timex`, which has only integers. `modes` is zero, so the kernel only fills it.
        let (state, timex) = unsafe { (libc::adjtimex(timex.as_mut_ptr()), timex.assume_init()) };
        if state < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            state: i64::from(state),
            offset: timex.offset,
            frequency: timex.freq,
            maximum_error: timex.maxerror,
            estimated_error: timex.esterror,
            status: i64::from(timex.status),
            constant: timex.constant,
            tick: timex.tick,
            pps_frequency: timex.ppsfreq,
            pps_jitter: timex.jitter,
            pps_shift: i64::from(timex.shift),
            pps_stability: timex.stabil,
            pps_jitter_count: timex.jitcnt,
            pps_calibrations: timex.calcnt,
            pps_errors: timex.errcnt,
            pps_stability_count: timex.stbcnt,
            tai: i64::from(timex.tai),
        })
    }
}

#[cfg(test)]
mod tests;
