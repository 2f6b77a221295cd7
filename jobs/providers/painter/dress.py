from jobs.providers.painter.body import *
def draw_dress(buffer,pose,look,build):
    sheet=chest_sheet(look.cloth)
    x,y=sheet.grid()
    sheet.cut(y < -1.45-0.3*np.clip(1-abs(x)/0.5,0,1))
    draw_shell(buffer,pose,sheet,build,0.05,folds=0.04,look=look,name="robe")
def draw_headgear(buffer,pose,look,shape): pass
def over_hair(look): return False
