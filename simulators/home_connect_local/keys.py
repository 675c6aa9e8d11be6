"""Keys of the features that appliances act on by themselves.

Source: docs/home_connect_local/wire.md §9.4.
"""

POWER = "BSH.Common.Setting.PowerState"
REMOTE_LEVEL = "BSH.Common.Setting.RemoteControlLevel"
ALARM_CLOCK = "BSH.Common.Setting.AlarmClock"
COLOUR = "BSH.Common.Setting.AmbientLightColor"
CUSTOM_COLOUR = "BSH.Common.Setting.AmbientLightCustomColor"
SHUT_OFF_STAGE = "Cooking.Hood.Setting.DelayedShutOffStage"
INTERVAL_STAGE = "Cooking.Hood.Setting.IntervalStage"
SHUT_OFF_TIME = "Cooking.Hood.Setting.DelayedShutOffTime"

OPERATION = "BSH.Common.Status.OperationState"
DOOR = "BSH.Common.Status.DoorState"
REMOTE_CONTROL = "BSH.Common.Status.RemoteControlActive"
REMOTE_START = "BSH.Common.Status.RemoteControlStartAllowed"
LOCAL_CONTROL = "BSH.Common.Status.LocalControlActive"
BACKEND = "BSH.Common.Status.BackendConnected"
STARTED = "BSH.Common.Status.Program.All.Count.Started"
COMPLETED = "BSH.Common.Status.Program.All.Count.Completed"
END_TRIGGER = "BSH.Common.Status.ProgramRunDetail.EndTrigger"
SUMMARY = "BSH.Common.Status.ProgramSessionSummary.Latest"
CAVITY = "Cooking.Oven.Status.CurrentCavityTemperature"
CAVITY_1 = "Cooking.Oven.Status.Cavity.001.CurrentTemperature"

FINISHED = "BSH.Common.Event.ProgramFinished"
ABORTED = "BSH.Common.Event.ProgramAborted"
ALARM = "BSH.Common.Event.AlarmClockElapsed"
PREHEATED = "Cooking.Oven.Event.PreheatFinished"

ABORT = "BSH.Common.Command.AbortProgram"
PAUSE = "BSH.Common.Command.PauseProgram"
RESUME = "BSH.Common.Command.ResumeProgram"
CONFIRM = "BSH.Common.Command.ConfirmPermanentRemoteStart"

REMAINING = "BSH.Common.Option.RemainingProgramTime"
ELAPSED = "BSH.Common.Option.ElapsedProgramTime"
PROGRESS = "BSH.Common.Option.ProgramProgress"
TOTAL = "BSH.Common.Option.EstimatedTotalProgramTime"
DURATION = "BSH.Common.Option.Duration"
START_IN = "BSH.Common.Option.StartInRelative"
FINISH_IN = "BSH.Common.Option.FinishInRelative"
# Delays are no part of a full set, and never wanted together (§10.4).
DELAYS = (START_IN, FINISH_IN)
SETPOINT = "Cooking.Oven.Option.SetpointTemperature"
HEATUP = "Cooking.Oven.Option.HeatupProgress"
FANS = ("Cooking.Common.Option.Hood.VentingLevel", "Cooking.Common.Option.Hood.IntensiveLevel")
# Programs of hoods that choose the level by themselves, and the setting that they take it from.
STAGES = {
    "Cooking.Common.Program.Hood.Automatic": None,
    "Cooking.Common.Program.Hood.DelayedShutOff": SHUT_OFF_STAGE,
    "Cooking.Hood.Program.Interval": INTERVAL_STAGE,
}
VENTING = "Cooking.Common.Program.Hood.Venting"
ZONE = "Cooking.Hob.Option.ZoneSelector"
LEVEL = "Cooking.Hob.Option.PowerLevel"
